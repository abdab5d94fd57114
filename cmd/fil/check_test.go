package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fil check reads the files that connections need, and connects nothing.
func TestCheckReadsCertificates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fil.yaml")
	if err := os.WriteFile(path, []byte("log: {brokers: ['192.0.2.1:9093'], tls: {enabled: true, ca: /nowhere/ca.pem}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, status := run(t, "check", "--config", path)
	if status != exitUsage || !strings.Contains(out, "log.tls.ca: open /nowhere/ca.pem") {
		t.Errorf("status %d, %s", status, out)
	}
	good := []byte("log: {brokers: ['192.0.2.1:9093'], tls: {enabled: true}}\n")
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, status := run(t, "check", "--config", path); status != exitDone {
		t.Errorf("status %d, %s", status, out)
	}
}
