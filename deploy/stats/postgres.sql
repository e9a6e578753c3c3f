-- The sink in PostgreSQL (12 or later): the tables and procedures of standing.md, section 7.
-- `ostrakon-stats init` runs this in one transaction, and then fills setting, clock and fence.
--
-- Each member logs in as a role of its own, member_NAME in ostrakon_member, which may read the
-- tables and execute the procedures and nothing else. Who stages or endorses is who is logged in
-- (session_user, which SET ROLE does not change), never what somebody says. Whoever owns the
-- schema may do anything, so no member's role may own it or be a superuser.
--
-- A caller sets what he likes in his own session. So no procedure depends on such a setting:
-- search_path is fixed, no text has a backslash, and the caller's way with transactions is
-- looked at in enter().

CREATE SCHEMA ostrakon;

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ostrakon_member') THEN
        CREATE ROLE ostrakon_member NOLOGIN;
    END IF;
END $$;

CREATE TABLE ostrakon.setting (
    one integer PRIMARY KEY CHECK (one = 1),
    version bigint NOT NULL,
    window_s bigint NOT NULL CHECK (window_s BETWEEN 1 AND 86400),
    endorsers bigint NOT NULL CHECK (endorsers IN (1, 2)));
CREATE TABLE ostrakon.clock (
    one integer PRIMARY KEY CHECK (one = 1),
    open bigint NOT NULL CHECK (open BETWEEN 0 AND 9007199254740993));
CREATE TABLE ostrakon.fence (
    one integer PRIMARY KEY CHECK (one = 1),
    top bigint NOT NULL CHECK (top BETWEEN 0 AND 9007199254740993));

CREATE TABLE ostrakon.raw (
    node text COLLATE "C" NOT NULL CHECK (octet_length(node) BETWEEN 1 AND 64),
    id text COLLATE "C" NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 96),
    "window" bigint NOT NULL,
    time_ms bigint NOT NULL CHECK (time_ms BETWEEN 0 AND 253402300799999),
    customer text COLLATE "C" NOT NULL CHECK (octet_length(customer) BETWEEN 1 AND 128),
    verdict text COLLATE "C" NOT NULL CHECK (octet_length(verdict) BETWEEN 1 AND 32),
    PRIMARY KEY (node, id));
CREATE INDEX raw_by_window ON ostrakon.raw ("window", customer, verdict);

CREATE TABLE ostrakon.author (
    "window" bigint NOT NULL CHECK ("window" >= 0),
    fence bigint NOT NULL CHECK (fence > 0),
    member text COLLATE "C" NOT NULL,
    PRIMARY KEY ("window", fence));
CREATE TABLE ostrakon.staged (
    "window" bigint NOT NULL,
    fence bigint NOT NULL,
    key text COLLATE "C" NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 128),
    queries bigint NOT NULL CHECK (queries BETWEEN 0 AND 4503599627370496),
    positives bigint NOT NULL CHECK (positives BETWEEN 0 AND queries),
    PRIMARY KEY ("window", fence, key),
    FOREIGN KEY ("window", fence) REFERENCES ostrakon.author);
CREATE TABLE ostrakon.endorsed (
    "window" bigint NOT NULL CHECK ("window" >= 0),
    member text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL CHECK (octet_length(digest) = 32),
    PRIMARY KEY ("window", member, digest));
CREATE TABLE ostrakon.published (
    "window" bigint PRIMARY KEY,
    fence bigint NOT NULL,
    digest text COLLATE "C" NOT NULL CHECK (octet_length(digest) = 32),
    FOREIGN KEY ("window", fence) REFERENCES ostrakon.author);

CREATE TABLE ostrakon.arrived (
    node text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (node, kind));

CREATE VIEW ostrakon.totals AS
    SELECT s."window", s.key AS customer, s.queries, s.positives
    FROM ostrakon.staged s
    JOIN ostrakon.published p ON p."window" = s."window" AND p.fence = s.fence;

-- History stays, also when its owner's hand slips.

CREATE FUNCTION ostrakon.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no % on %', lower(TG_OP), TG_TABLE_NAME;
END $$;

CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ostrakon.raw
    EXECUTE FUNCTION ostrakon.refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ostrakon.author
    EXECUTE FUNCTION ostrakon.refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ostrakon.staged
    EXECUTE FUNCTION ostrakon.refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ostrakon.endorsed
    EXECUTE FUNCTION ostrakon.refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ostrakon.published
    EXECUTE FUNCTION ostrakon.refuse();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON ostrakon.clock
    EXECUTE FUNCTION ostrakon.refuse();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON ostrakon.fence
    EXECUTE FUNCTION ostrakon.refuse();
CREATE TRIGGER only_grows BEFORE UPDATE ON ostrakon.clock
    FOR EACH ROW WHEN (NEW.open < OLD.open) EXECUTE FUNCTION ostrakon.refuse();
CREATE TRIGGER only_grows BEFORE UPDATE ON ostrakon.fence
    FOR EACH ROW WHEN (NEW.top < OLD.top) EXECUTE FUNCTION ostrakon.refuse();

-- Who calls, and how.

CREATE FUNCTION ostrakon.unix_ms() RETURNS bigint LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

-- The member who is logged in, or NULL: an owner, say, or an operator.
CREATE FUNCTION ostrakon.me() RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN left(session_user::text, 7) = 'member_' THEN substr(session_user::text, 8) END
$$;

-- After the lock was taken, in each procedure that writes. A role that has lost its login is
-- refused here too, for the session that began just then and was overlooked. An isolation level
-- above `read committed` would not show what others wrote while this one waited for the lock.
-- Whoever falls asleep in the transaction is thrown out of it, so that the lock is free again;
-- and who is told that his work is done can rely on it.
CREATE FUNCTION ostrakon.enter() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = session_user AND rolcanlogin) THEN
        RAISE EXCEPTION 'the role % has no login any more', session_user
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the procedures of the sink need the isolation level read committed'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    IF current_setting('idle_in_transaction_session_timeout') <> '3s' THEN
        PERFORM set_config('idle_in_transaction_session_timeout', '3s', true);
    END IF;
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
END $$;

-- Rows come in. A member hands in its own; others (an owner, say) may hand in anybody's.

CREATE FUNCTION ostrakon.enter_rows(of_node text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, ostrakon, pg_temp AS $$
BEGIN
    -- From here to the commit no window is closed; and where one is being closed, this waits,
    -- also when others go on inserting.
    LOCK TABLE clock IN SHARE MODE;
    PERFORM enter();
    IF me() IS NOT NULL AND me() <> of_node THEN
        RAISE EXCEPTION '% may not hand in rows of %', session_user, of_node
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE FUNCTION ostrakon.count_arrival(of_node text, of_kind text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, ostrakon, pg_temp AS $$
    INSERT INTO arrived AS a VALUES (of_node, of_kind, 1)
    ON CONFLICT (node, kind) DO UPDATE SET count = a.count + 1
$$;

CREATE FUNCTION ostrakon.count_malformed(of_node text)
RETURNS void LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, ostrakon, pg_temp AS $$
BEGIN
    PERFORM enter_rows(of_node);
    PERFORM count_arrival(of_node, 'malformed');
END $$;

CREATE FUNCTION ostrakon.insert_row(
    of_node text, of_id text, at_ms bigint, of_customer text, with_verdict text)
RETURNS text LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, ostrakon, pg_temp AS $$
DECLARE
    length_s bigint;
    into_window bigint;
    what text := 'inserted';
BEGIN
    PERFORM enter_rows(of_node);
    length_s := (SELECT window_s FROM setting);
    into_window := greatest((SELECT open FROM clock), unix_ms() / 1000 / length_s);
    INSERT INTO raw VALUES (of_node, of_id, into_window, at_ms, of_customer, with_verdict)
        ON CONFLICT (node, id) DO NOTHING;
    IF NOT FOUND THEN
        SELECT CASE WHEN r.time_ms = at_ms AND r.customer = of_customer
                    AND r.verdict = with_verdict THEN 'doubled' ELSE 'contradicting' END
            INTO what FROM raw r WHERE r.node = of_node AND r.id = of_id;
    ELSIF at_ms / 1000 / length_s < into_window THEN
        what := 'late';
    END IF;
    IF what <> 'inserted' THEN
        PERFORM count_arrival(of_node, what);
    END IF;
    RETURN what;
END $$;

-- Windows. Answers are 'accepted' or the reason of a refusal, which is no failure.

-- The lock waits for the inserts under way: each has its own from before it chose its window
-- until its transaction ends. Only the server's clock counts for what is too far ahead: with
-- `open` beside it, who closes again and again could lead everybody away.
CREATE FUNCTION ostrakon.close(k bigint)
RETURNS text LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, ostrakon, pg_temp AS $$
BEGIN
    IF k < (SELECT open FROM clock) THEN
        RETURN 'accepted';
    END IF;
    IF k > (SELECT unix_ms() / 1000 / window_s FROM setting) + 1000 THEN
        RETURN 'window_too_high';
    END IF;
    LOCK TABLE clock IN EXCLUSIVE MODE;
    PERFORM enter();
    UPDATE clock SET open = greatest(open, k + 1);
    RETURN 'accepted';
END $$;

-- c := digest(SELECT staged ...): over what was stored, whatever anybody says about it. The
-- bytes are those of rollup.h.
CREATE FUNCTION ostrakon.digest_stored(k bigint, f bigint)
RETURNS text LANGUAGE sql SET search_path = pg_catalog, ostrakon, pg_temp AS $$
    SELECT encode(substr(sha256(
        convert_to('ostrakon-stats-window-2', 'UTF8') || int8send(k) || int8send(count(*)) ||
        coalesce(string_agg(
            int4send(octet_length(s.key)) || convert_to(s.key, 'UTF8') ||
            int8send(s.queries) || int8send(s.positives), ''::bytea ORDER BY s.key), '')),
        1, 16), 'hex')
    FROM staged s WHERE s."window" = k AND s.fence = f
$$;

-- The author's own endorsement is asked for by name: two others who endorsed c do not make up
-- for an author who stored rows other than he says.
CREATE FUNCTION ostrakon.publish(k bigint, f bigint)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, ostrakon, pg_temp AS $$
DECLARE
    c text := digest_stored(k, f);
BEGIN
    INSERT INTO published
        SELECT a."window", a.fence, c FROM author a
        WHERE a."window" = k AND a.fence = f
        AND EXISTS (SELECT FROM endorsed e
                    WHERE e."window" = k AND e.digest = c AND e.member = a.member)
        AND (SELECT count(*) FROM endorsed e WHERE e."window" = k AND e.digest = c)
            >= (SELECT endorsers FROM setting);
END $$;

-- Takes the one lock that orders all who stage and endorse; answers the highest fence.
CREATE FUNCTION ostrakon.enter_claim()
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, ostrakon, pg_temp AS $$
DECLARE
    highest bigint;
BEGIN
    SELECT top INTO highest FROM fence FOR UPDATE;
    PERFORM enter();
    IF me() IS NULL THEN
        RAISE EXCEPTION '% is no member: only a role member_NAME may stage and endorse',
            session_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN highest;
END $$;

-- `lines` is [[customer, queries, positives], ...].
CREATE FUNCTION ostrakon.stage(
    k bigint, f bigint, lines jsonb, d text,
    OUT answer text, OUT published_fence bigint, OUT published_digest text)
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, ostrakon, pg_temp AS $$
DECLARE
    highest bigint := enter_claim();
    author_now text;
BEGIN
    answer := CASE WHEN f < highest THEN 'old_fence'
                   WHEN f > highest + 1000 THEN 'fence_too_high'
                   WHEN k >= (SELECT open FROM clock) THEN 'not_closed'
                   ELSE 'accepted' END;
    IF answer <> 'accepted' THEN
        RETURN;
    END IF;
    UPDATE fence SET top = f;
    IF NOT EXISTS (SELECT FROM published p WHERE p."window" = k) THEN
        SELECT a.member INTO author_now FROM author a WHERE a."window" = k AND a.fence = f;
        IF author_now IS NULL THEN
            INSERT INTO author VALUES (k, f, me());
            INSERT INTO staged
                SELECT k, f, l ->> 0, (l -> 1)::bigint, (l -> 2)::bigint
                FROM jsonb_array_elements(lines) AS of_lines(l);
        ELSIF author_now <> me() THEN
            answer := 'other_author';
            RETURN;
        END IF;
        INSERT INTO endorsed VALUES (k, me(), d) ON CONFLICT DO NOTHING;
        PERFORM publish(k, f);
    END IF;
    SELECT p.fence, p.digest INTO published_fence, published_digest
        FROM published p WHERE p."window" = k;
END $$;

CREATE FUNCTION ostrakon.endorse(
    k bigint, f bigint, d text,
    OUT answer text, OUT published_fence bigint, OUT published_digest text)
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, ostrakon, pg_temp AS $$
DECLARE
    highest bigint := enter_claim();
BEGIN
    answer := 'accepted';
    IF NOT EXISTS (SELECT FROM published p WHERE p."window" = k) THEN
        IF f <> highest THEN
            answer := CASE WHEN f < highest THEN 'old_fence' ELSE 'fence_too_high' END;
            RETURN;
        END IF;
        INSERT INTO endorsed VALUES (k, me(), d) ON CONFLICT DO NOTHING;
        PERFORM publish(k, f);
    END IF;
    SELECT p.fence, p.digest INTO published_fence, published_digest
        FROM published p WHERE p."window" = k;
END $$;

-- What a member may.

REVOKE ALL ON ALL TABLES IN SCHEMA ostrakon FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ostrakon FROM PUBLIC;
GRANT USAGE ON SCHEMA ostrakon TO ostrakon_member;
GRANT SELECT ON ALL TABLES IN SCHEMA ostrakon TO ostrakon_member;
GRANT EXECUTE ON FUNCTION
    ostrakon.me(),
    ostrakon.insert_row(text, text, bigint, text, text),
    ostrakon.count_malformed(text),
    ostrakon.close(bigint),
    ostrakon.stage(bigint, bigint, jsonb, text),
    ostrakon.endorse(bigint, bigint, text)
    TO ostrakon_member;
