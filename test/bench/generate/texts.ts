/** Questions and answers as people exchange them with a chat model, for what guessing from the text brings and costs. */
export interface Exchange {
  readonly prompt: string;
  readonly answer: string;
}

const draft = `On monday morning the ferry to the islands was late, because fog lay over the harbour and the captian would not
leave without seeing the second buoy. The passengers, most of them teachers on there way to the summer school, waited in
the hall, drank coffe and read the notices on the wall. At half past nine the wind came up from the west, the fog went as
quickly as it had come, and the ferry left with all it's passengers on board. Nobody minded the delay very much: the
teachers had used the time to sort out the rooms, and the captain gave everybody a free breakfast on deck.`;

const corrected = `On Monday morning the ferry to the islands was late, because fog lay over the harbour and the captain would not
leave without seeing the second buoy. The passengers, most of them teachers on their way to the summer school, waited in
the hall, drank coffee and read the notices on the wall. At half past nine the wind came up from the west, the fog went as
quickly as it had come, and the ferry left with all its passengers on board. Nobody minded the delay very much: the
teachers had used the time to sort out the rooms, and the captain gave everybody a free breakfast on deck.`;

/** The answer is the question's text with five mistakes put right. */
export const copied: Exchange = {
  prompt: `Correct the spelling of this text and change nothing else.\n\n${draft}\n\n`,
  answer: corrected,
};

/** The answer shares no phrase with the question. */
export const fresh: Exchange = {
  prompt: 'Why does bread go stale, and what can I do about it?\n\n',
  answer: `Freshly baked crumb is soft because heat makes starch grains swell and hold water in a loose gel. Once the loaf
cools, those long molecules slowly line up again and press moisture out, which is why a slice feels dry even though hardly
anything has evaporated. Cold speeds this up, so a refrigerator is the worst place; a freezer stops it nearly altogether.
Keep what you will eat within two days in a paper bag at room temperature, cut side down on a wooden board, and freeze
whatever remains in portions. To bring back an old piece, sprinkle some drops over its crust and give it eight minutes in a
hot oven: above sixty degrees the ordered regions melt, and for an hour or so it tastes almost new. Anything too hard for
that trick makes excellent crumbs, dumplings, or a salad with ripe tomatoes.`,
};
