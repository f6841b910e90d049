import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was answered, for attribution; and the way from an answer to the interactions that name it. */
export class CreateRecommendation1764700300000 implements MigrationInterface {
  readonly name = 'CreateRecommendation1764700300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE recommendation (
        -- empty: the answer was for nobody in particular
        user_id text NOT NULL,
        id uuid NOT NULL,
        -- of its first item; an answer that is read in pages has a row for each
        first_rank integer NOT NULL,
        answered_at timestamptz(3) NOT NULL,
        operation text NOT NULL,
        model_version integer,
        source text NOT NULL,
        fallback_reason text,
        -- the items in their order, and of each what placed it
        item_ids text[] NOT NULL,
        item_sources text[] NOT NULL,
        -- of each item the rules that placed it; null: no rule placed any
        item_rules jsonb,
        PRIMARY KEY (user_id, id, first_rank)
      );
      CREATE INDEX recommendation_answered_at ON recommendation (answered_at);
      CREATE INDEX interaction_recommendation ON interaction (recommendation_id) WHERE recommendation_id IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX interaction_recommendation; DROP TABLE recommendation');
  }
}
