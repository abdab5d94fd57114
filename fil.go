// Package fil holds the words that every room shares: agents, audiences, contents, engagements and feeds, the topics
// they travel on, and the verdict on a record that no retry can help.
//
// It hides nothing and does no I/O; it imports the standard library only. A type is here only if it travels on a topic
// or if two stages must agree on it. The values are plain data: safe to copy, not safe to change once handed over.
package fil
