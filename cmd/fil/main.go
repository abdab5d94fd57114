// Command fil is the engine that decides which communication reaches which civil servant: its commands,
// one file each. The rooms are put together in roles.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set at build time.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, os.Args[1:], Streams{Out: os.Stdout, Err: os.Stderr, Environ: os.Environ()})
	stop()
	os.Exit(code)
}
