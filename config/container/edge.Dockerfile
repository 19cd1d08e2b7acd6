# The agent beside cameras. Build from the project's folder:
#   docker build -f config/container/edge.Dockerfile -t talaia-edge .
# Run it with its configuration at /etc/talaia/edge.toml, a volume at /var/lib/talaia, and one with the converted models
# at /var/cache/talaia (made once: docker run ... --entrypoint talaia-models talaia-edge convert).
FROM python:3.13-slim-bookworm AS packages
WORKDIR /build
COPY locks/edge.lock locks/
RUN python -m venv /opt/talaia \
    && /opt/talaia/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r locks/edge.lock
COPY pyproject.toml README.md LICENSE ./
COPY wire wire
COPY running running
COPY vision vision
COPY models models
COPY edge edge
COPY control_room/__init__.py control_room/
COPY launch/__init__.py launch/
RUN /opt/talaia/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.13-slim-bookworm
RUN groupadd --system --gid 10001 talaia \
    && useradd --system --uid 10001 --gid talaia --home-dir /var/lib/talaia --no-create-home talaia \
    && install -d -o talaia -g talaia -m 0700 /var/lib/talaia /var/cache/talaia
COPY --from=packages /opt/talaia /opt/talaia
ENV PATH=/opt/talaia/bin:$PATH PYTHONDONTWRITEBYTECODE=1 TALAIA_CACHE_DIR=/var/cache/talaia
USER 10001:10001
ENTRYPOINT ["talaia-edge"]
CMD ["run", "-c", "/etc/talaia/edge.toml"]
