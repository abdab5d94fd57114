// Package chaos holds the program to "effect once": its test runs the roles as processes on engines of their own, gives
// them a steady load of events with known identities, and meanwhile kills, freezes, cuts off and restarts what it can;
// then it closes the books.
//
// It knows the program by its command, its configuration and its HTTP interface, and the engines by their protocols: the
// points where a process is killed are seen on the wire, by a proxy that stands between each process and each engine, so
// that nothing in the program is made for this test. A run is drawn from a seed, which is printed, and can be run again.
//
// A run in a clean state ends with these comparisons: every event that was acknowledged is in the log; every identity of
// the log is exactly one fact; records of the log = facts + repeated identities + records parked; and every profile,
// memory of identities, popularity and feed is, byte for byte, what is made from the log after Redis is emptied.
//
// The same fleet is measured by BenchmarkEngines.
package chaos
