# Images of etcdbench. The program, certificates and an empty /tmp, and nothing else: no shell, no libc.
#
#   docker build -t registry.example/etcdbench:0.1.0 .
#   docker run --rm -v /var/lib/etcd-candidate:/d registry.example/etcdbench:0.1.0 disk /d
#
# The same with an etcd beside it, for `load --local` and for nights:
#
#   docker build -t registry.example/etcdbench:0.1.0-etcd --target with-etcd .
#
# Another etcd: --build-arg ETCD=gcr.io/etcd-development/etcd:v3.5.21. Programs of scripts/release instead of a build:
# --build-context program=DIR, with amd64/etcdbench and arm64/etcdbench in DIR; then nothing is compiled.
ARG ETCD=gcr.io/etcd-development/etcd:v3.6.12
ARG DEBIAN=trixie

FROM rust:1-${DEBIAN} AS build
# musl makes a program that needs no libc beside it.
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools && rm -rf /var/lib/apt/lists/*
RUN rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /etcdbench
# With .git: the program says which commit it was built from, and so does every result.
COPY . .
ARG TARGETARCH
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/etcdbench/target \
    target="$(uname -m)-unknown-linux-musl" && cargo build --locked --profile dist --target "$target" \
    && mkdir -p "/program/$TARGETARCH" && strip -o "/program/$TARGETARCH/etcdbench" "target/$target/dist/etcdbench"

FROM scratch AS program
COPY --from=build /program/ /

# What has no architecture is made on whatever builds.
FROM --platform=$BUILDPLATFORM debian:${DEBIAN}-slim AS system
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
# For an etcd whose certificate is signed by a public authority; and a place for results.
RUN mkdir -p /system/etc/ssl/certs && cp /etc/ssl/certs/ca-certificates.crt /system/etc/ssl/certs/ \
    && mkdir -m 1777 /system/tmp

FROM scratch AS base
ARG TARGETARCH
COPY --from=system /system/ /
COPY --from=program /${TARGETARCH}/etcdbench /usr/local/bin/etcdbench
WORKDIR /tmp
# Root, because that is whom most directories of a host belong to; the manifests say otherwise where they can.
ENTRYPOINT ["/usr/local/bin/etcdbench"]

FROM ${ETCD} AS etcd

FROM base AS with-etcd
COPY --from=etcd /usr/local/bin/etcd /usr/local/bin/etcd

FROM base
