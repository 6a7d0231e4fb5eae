# The commands of everyday work. `just check` is what CI runs.

# Everything CI checks, in the same order.
check:
    bash .ci/run

# The tests of the README.
test:
    cargo test

# Write the generated documents and the demo's golden reports.
docs:
    cargo run -- docs
    UPDATE_GOLDEN=1 cargo test golden

# The demo, as HTML.
demo:
    cargo run -- review -o /tmp/acme.html
