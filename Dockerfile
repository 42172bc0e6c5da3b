# An image of etcdbench, with an etcd for `--local` and what pods need:
#
#   docker build -t registry.example/etcdbench:0.1.0 .
#   docker run --rm -v /var/lib/etcdbench-scratch:/scratch --user 0 registry.example/etcdbench:0.1.0 disk /scratch
#
# Another etcd: --build-arg ETCD=gcr.io/etcd-development/etcd:v3.5.21
ARG ETCD=gcr.io/etcd-development/etcd:v3.6.12
ARG DEBIAN=trixie

FROM rust:1-${DEBIAN} AS build
# The client of the control plane generates its code with protoc.
RUN apt-get update && apt-get install -y --no-install-recommends protobuf-compiler && rm -rf /var/lib/apt/lists/*
WORKDIR /etcdbench
# With .git: the program says which commit it was built from, and so does every result.
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/etcdbench/target \
    cargo build --release --locked && cp target/release/etcdbench /usr/local/bin/

FROM ${ETCD} AS etcd

FROM debian:${DEBIAN}-slim
# jq reads the headline of a result for the termination message; the certificates are for an etcd signed by a public
# authority, the font for the words in PNG charts.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates fonts-dejavu-core jq \
    && rm -rf /var/lib/apt/lists/*
COPY --from=etcd /usr/local/bin/etcd /usr/local/bin/
COPY --from=build /usr/local/bin/etcdbench /usr/local/bin/
COPY deploy/container/in-pod deploy/container/my-turn /usr/local/bin/
# Nothing needs root but writing to a directory of root's, such as most of those that come from the host.
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["etcdbench"]
