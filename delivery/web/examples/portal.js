// The portal makes its parts when it has its layout: an element added later works as one written in the page.
const feed = document.createElement("fil-feed");
feed.setAttribute("token-url", "/token");
feed.setAttribute("heading", "Le fil");
document.getElementById("zone").append(feed);
