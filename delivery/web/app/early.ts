// Begins what takes longest on a slow link, beside the scripts rather than after them: the feed of who opens the app. It is
// asked as the feed will ask it, word for word; the token stays where it is, for the app to put away. So is the store opened.

import { askFeed } from "../sdk/ahead";
import { feedPath } from "../sdk/pages";
import { openShelf } from "../sdk/shelf";
import { languageOf } from "../words/words";

const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? localStorage.getItem("fil.app.token");
if (token) {
  void openShelf();
  askFeed(feedPath(), Promise.resolve(token), languageOf(navigator.language));
}
