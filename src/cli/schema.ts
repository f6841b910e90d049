import { Argument, type Command } from 'commander';
import { topicNames } from '../config.js';
import { jsonSchemaOf, type TopicName } from '../ingest/message-schema.js';

export function addSchemaCommand(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of the messages of a topic')
    .addArgument(new Argument('<topic>', 'the topic, without its prefix').choices(topicNames))
    .action((topic: TopicName) => {
      process.stdout.write(jsonSchemaOf(topic));
    });
}
