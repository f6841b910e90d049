/** Import it before the native library is loaded: the same seed then gives the same figures. */
import { trainerEnvironment } from '../../src/training/training-job.js';

Object.assign(process.env, trainerEnvironment(1));
