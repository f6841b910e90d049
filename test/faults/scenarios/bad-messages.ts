/** Messages that are malformed, doubled or out of order. */
import { events, malformed, uniform } from '../events.js';
import type { Scenario } from '../scenario.js';

export const malformedMessages: Scenario = {
  name: 'malformed',
  about: 'every other message must be refused, and has its dead letter with the reason',
  play: async (stage, size) => {
    const count = size === 'full' ? 10_000 : 300;
    await stage.send(events(count).flatMap((good, n) => [good, malformed(n)]));
    stage.start();
    await stage.untilConsumed();
    return stage.judge();
  },
};

export const shuffledDuplicates: Scenario = {
  name: 'shuffled-duplicates',
  about: 'a tenth is sent twice, and all arrive in any order within ten minutes of event time',
  play: async (stage, size) => {
    const [count, everyMs] = size === 'full' ? [60_000, 20] : [1_000, 1_200];
    const random = uniform(3);
    const sent = events(count, { everyMs }).flatMap((message, n) => {
      const arrival = (): number => n * everyMs + random() * 600_000;
      return [{ message, at: arrival() }, ...(n % 10 === 0 ? [{ message, at: arrival() }] : [])];
    });
    await stage.send(sent.toSorted((one, other) => one.at - other.at).map(({ message }) => message));
    stage.start();
    await stage.untilConsumed();
    return stage.judge();
  },
};
