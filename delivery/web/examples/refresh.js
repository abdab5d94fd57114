// A token is a function: called once, then again whenever the server refuses what it gave.
document.getElementById("feed").token = async (refused) => {
  const answer = await fetch(refused ? "/token?again" : "/token");
  return answer.text();
};
