/** Mutated conversations played to the sessions of one protocol. */
import type { Protocol } from "../support/stories.ts";
import { type Conversation, readConversations } from "./conversation.ts";
import { type Fuzzed, type FuzzOptions, fuzz, type Judged } from "./fuzzed.ts";
import { anyCase, type Case, framesFor } from "./mutation.ts";
import { replay } from "./replay.ts";
import { watchTrouble } from "./trouble.ts";

export async function fuzzConversations(protocol: Protocol, options: FuzzOptions): Promise<Fuzzed> {
  const trouble = watchTrouble();
  try {
    const conversations = readConversations(protocol);
    const judge = async (one: Case): Promise<Judged> => {
      const { violations, reached } = await playCase(one, conversations);
      return { violations: [...violations, ...trouble.take()], counts: [reached] };
    };
    return await fuzz(anyCase, judge, options);
  } finally {
    trouble.stop();
  }
}

export function playCase(one: Case, conversations: readonly Conversation[]): ReturnType<typeof replay> {
  const conversation = conversations[one.conversation % conversations.length] as Conversation;
  return replay(conversation, framesFor(one, conversations), one);
}
