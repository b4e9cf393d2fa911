// The conversation over long-polling only.
import { transportStory } from "./transport-story.mjs";

await transportStory("polling");
