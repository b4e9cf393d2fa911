// The conversation over WebSocket only.
import { transportStory } from "./transport-story.mjs";

await transportStory("websocket");
