# The control room: service, workers and commands. Build from the project's folder:
#   docker build -f config/container/room.Dockerfile -t talaia-room .
FROM node:22-bookworm-slim AS pages
WORKDIR /build
COPY control_room/ui/package.json control_room/ui/package-lock.json control_room/ui/
RUN npm --prefix control_room/ui ci
COPY control_room/ui control_room/ui
RUN npm --prefix control_room/ui run build

FROM python:3.13-slim-bookworm AS packages
WORKDIR /build
COPY locks/room.lock locks/setup.lock locks/
RUN python -m venv /opt/talaia \
    && /opt/talaia/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r locks/room.lock
COPY pyproject.toml README.md LICENSE ./
COPY wire wire
COPY running running
COPY vision vision
COPY models models
COPY edge/__init__.py edge/
COPY launch/__init__.py launch/
COPY control_room control_room
COPY --from=pages /build/control_room/ui/dist control_room/ui/dist
RUN /opt/talaia/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.13-slim-bookworm
RUN groupadd --system --gid 10001 talaia \
    && useradd --system --uid 10001 --gid talaia --home-dir /var/lib/talaia --no-create-home talaia \
    && install -d -o talaia -g talaia -m 0700 /var/lib/talaia
COPY --from=packages /opt/talaia /opt/talaia
ENV PATH=/opt/talaia/bin:$PATH PYTHONDONTWRITEBYTECODE=1 TALAIA_STORE_DIRECTORY=/var/lib/talaia/store
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["talaia-room"]
CMD ["serve"]
