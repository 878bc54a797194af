# countersign in an image that holds the program, the C library it links, and nothing else: no shell, no package
# manager. It runs as nobody in particular (any --user will do), on a read-only root; only /data is ever written.
#
#   docker build -t countersign .
#   docker run --rm -v countersign:/data countersign init
#   docker run --read-only -v countersign:/data -p 127.0.0.1:8080:8080 countersign serve --behind-proxy

FROM rust:1.95-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin countersign \
    && install -D target/release/countersign /image/usr/local/bin/countersign

# What ldd names, certificate authorities for a PostgreSQL that is reached by TLS, and who we are. Starting the program
# in there shows that nothing is missing.
RUN ldd /image/usr/local/bin/countersign | grep -o '/lib[^ ]*' | xargs -I{} install -D {} /image{} \
    && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && echo 'hosts: files dns' > /image/etc/nsswitch.conf \
    && echo 'countersign:x:10001:10001::/data:/nonexistent' > /image/etc/passwd \
    && echo 'countersign:x:10001:' > /image/etc/group \
    && install -d -m 0700 /data \
    && chroot /image /usr/local/bin/countersign --version

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=10001:10001 /data /data
ENV COUNTERSIGN_DATA=/data \
    COUNTERSIGN_LISTEN=0.0.0.0:8080 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 10001:10001
WORKDIR /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/countersign", "health", "http://127.0.0.1:8080"]
ENTRYPOINT ["/usr/local/bin/countersign"]
# Refuses to start until told of TLS (--tls-cert, --tls-key) or of a proxy that does it (--behind-proxy).
CMD ["serve"]
