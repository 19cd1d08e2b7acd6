-- Walls of live pictures that people keep, and those of the room.
CREATE TABLE walls (
    wall_id uuid PRIMARY KEY,
    user_id uuid REFERENCES users (user_id) ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    layout text NOT NULL CHECK (layout IN ('one', 'four', 'nine', 'sixteen', 'main_five')),
    places text[] NOT NULL CHECK (cardinality(places) <= 16),
    version integer NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL
);
CREATE UNIQUE INDEX walls_of_user ON walls (user_id, lower(name)) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX walls_of_room ON walls (lower(name)) WHERE user_id IS NULL;
COMMENT ON TABLE walls IS 'Which live pictures somebody puts beside each other; who may watch them is decided when they are shown.';
COMMENT ON COLUMN walls.wall_id IS 'UUIDv7 of this room.';
COMMENT ON COLUMN walls.user_id IS 'Whose; null: of the room, for all.';
COMMENT ON COLUMN walls.name IS 'Unique among those of this person, or of the room, without regard to case.';
COMMENT ON COLUMN walls.layout IS 'How many pictures and how large: one, four, nine, sixteen, or main_five.';
COMMENT ON COLUMN walls.places IS 'Place by place camera/DEVICE/CAMERA or source/ID; null: empty. More than the layout has: a smaller one hides, it does not forget.';
COMMENT ON COLUMN walls.version IS 'One more with each change.';
COMMENT ON COLUMN walls.changed_at IS 'When it was last changed (server).';
COMMENT ON COLUMN walls.changed_by IS 'User name of who did.';
