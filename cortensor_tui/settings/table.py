"""Every setting in one table: it drives reading, `config show`, .env.example and docs/settings.md.

The network's keys, their defaults and meanings follow the example settings file of its public installer.
"""

from __future__ import annotations

from typing import Any, Final

from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.settings import kinds
from cortensor_tui.settings.model import OwnSessions
from cortensor_tui.settings.spec import REQUIRED, Group, Spec

MAX_RPC_HOSTS: Final = 20
_FROM_PROFILE = "the network's profile"


def _spec(
    key: str, field: str, kind: kinds.AnyKind, default: Any, group: Group, text: str, **more: Any
) -> Spec:
    return Spec(key=key, field=field, kind=kind, default=default, group=group, help=text, **more)


def rpc_host_spec(index: int) -> Spec:
    """Return the setting of one more endpoint, RPC_HOST_0 to RPC_HOST_19."""
    return _spec(
        f"RPC_HOST_{index}",
        f"rpc_host_{index}",
        kinds.optional(kinds.URL),
        None,
        Group.CHAIN,
        "One more endpoint.",
    )


_CHAIN = (
    _spec(
        "HOST",
        "primary_rpc_url",
        kinds.URL,
        REQUIRED,
        Group.CHAIN,
        "The chain's JSON-RPC endpoint, asked first.",
        example="https://sepolia-rollup.arbitrum.io/rpc",
    ),
    _spec(
        "CHAINID",
        "chain_id",
        kinds.whole(1, 2**63 - 1),
        REQUIRED,
        Group.CHAIN,
        "The chain's id. A node is blocked while its endpoint answers with another.",
        example="421614",
    ),
    _spec(
        "ENABLE_MULTIPLE_RPC_HOST",
        "multiple_rpc_enabled",
        kinds.FLAG,
        False,
        Group.CHAIN,
        "1 uses RPC_HOST_0 and the following as further endpoints after HOST.",
    ),
    _spec(
        "NUM_RPC_HOST",
        "rpc_host_count",
        kinds.whole(1, MAX_RPC_HOSTS),
        1,
        Group.CHAIN,
        "How many of RPC_HOST_0 to RPC_HOST_19 to use.",
    ),
    _spec(
        "CONTRACT_ADDRESS_RUNTIME",
        "runtime_address",
        kinds.ADDRESS,
        None,
        Group.CHAIN,
        "The network's Runtime contract. On a devnet of ours the node finds the other contracts through it.",
        example="0xa438cE917a5740267e0f7217f81cbbAA23E7e106",
    ),
    _spec(
        "CORTENSOR_TUI_SESSION_V2_ADDRESS",
        "session_address",
        kinds.ADDRESS,
        None,
        Group.CHAIN,
        "SessionV2. Needed on the public networks, whose Runtime has no public interface.",
    ),
    _spec(
        "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS",
        "queue_address",
        kinds.ADDRESS,
        None,
        Group.CHAIN,
        "SessionQueueV2. If left out, SessionV2 is asked for it.",
    ),
    _spec(
        "CORTENSOR_TUI_GENERATION",
        "generation",
        kinds.one_of("auto", "old", "mid", "new"),
        "auto",
        Group.CHAIN,
        "Generation of the contracts' interface; auto finds it out by calls that only one of them answers.",
    ),
    _spec(
        "CORTENSOR_TUI_REQUESTS_PER_S",
        "requests_per_s",
        kinds.optional(kinds.decimal("0.5", "100000", "requests")),
        None,
        Group.CHAIN,
        "The most HTTP requests a second to each endpoint. What is beyond goes to another one, or waits.",
        default_words=_FROM_PROFILE,
    ),
    _spec(
        "CORTENSOR_TUI_HEAD_FEED",
        "head_feed",
        kinds.FEED,
        None,
        Group.CHAIN,
        "A WebSocket that tells of new events at once, so that the node need not wait for its next look.",
        default_words="HOST's own on a local chain, else off",
    ),
    _spec(
        "CORTENSOR_TUI_FINALITY",
        "finality",
        kinds.FINALITY,
        None,
        Group.CHAIN,
        "When a block counts as final.",
        default_words=_FROM_PROFILE,
    ),
    _spec(
        "CORTENSOR_TUI_LOG_SPAN_BLOCKS",
        "log_span_blocks",
        kinds.optional(kinds.whole(1, 10_000_000)),
        None,
        Group.CHAIN,
        "The most blocks to ask an endpoint for events at once; some allow 5 or 10 only.",
        default_words=_FROM_PROFILE,
    ),
    _spec(
        "CORTENSOR_TUI_ACTIVE_SESSION_STATE",
        "active_session_state",
        kinds.optional(kinds.whole(0, 255)),
        None,
        Group.CHAIN,
        "The number by which the contract calls a session active. The network does not publish it.",
        default_words=_FROM_PROFILE,
    ),
    _spec(
        "MINER_PULLING_INTERVAL_SECONDS",
        "longest_look_interval_s",
        kinds.decimal("0.1", "3600", "seconds"),
        5.0,
        Group.CHAIN,
        "The longest wait between two looks at the chain. On a local chain the node looks more often.",
    ),
)

_KEYS = (
    _spec(
        "NODE_PUBLIC_KEY",
        "node_address",
        kinds.ADDRESS,
        None,
        Group.KEYS,
        "The node's address. If set, it must belong to the node's key.",
        example=ZERO_ADDRESS,
    ),
    _spec(
        "NODE_PRIVATE_KEY",
        "node_private_key",
        kinds.optional(kinds.PRIVATE_KEY),
        None,
        Group.KEYS,
        "The node's private key as it stands; it answers tasks and pays for that. A keystore keeps it "
        "encrypted: docs/keys.md.",
        default_words="must be set unless CORTENSOR_TUI_NODE_KEYSTORE is",
        example="0x" + "0" * 64,
    ),
    _spec(
        "CORTENSOR_TUI_NODE_KEYSTORE",
        "node_keystore",
        kinds.optional(kinds.PATH),
        None,
        Group.KEYS,
        "Web3 keystore file (version 3) with the node's key, instead of NODE_PRIVATE_KEY. "
        "`cortensor-tui keys import` makes one.",
        default_words="none",
    ),
    _spec(
        "CORTENSOR_TUI_NODE_PASSWORD_FILE",
        "node_password_file",
        kinds.optional(kinds.PATH),
        None,
        Group.KEYS,
        "File with the password of the node's keystore; mode 0600. The systemd credential "
        "cortensor-node-password goes before it.",
        default_words="none: the password is asked for",
    ),
    _spec(
        "CORTENSOR_TUI_OWNER_PRIVATE_KEY",
        "owner_private_key",
        kinds.optional(kinds.PRIVATE_KEY),
        None,
        Group.KEYS,
        "The key that creates sessions, binds nodes and submits prompts.",
        default_words="the node's own key",
    ),
    _spec(
        "CORTENSOR_TUI_OWNER_KEYSTORE",
        "owner_keystore",
        kinds.optional(kinds.PATH),
        None,
        Group.KEYS,
        "Web3 keystore file with the owner's key, instead of CORTENSOR_TUI_OWNER_PRIVATE_KEY.",
        default_words="none",
    ),
    _spec(
        "CORTENSOR_TUI_OWNER_PASSWORD_FILE",
        "owner_password_file",
        kinds.optional(kinds.PATH),
        None,
        Group.KEYS,
        "File with the password of the owner's keystore; mode 0600. The systemd credential "
        "cortensor-owner-password goes before it.",
        default_words="none: the password is asked for",
    ),
    _spec(
        "CORTENSOR_TUI_OWNER_ADDRESS",
        "owner_address",
        kinds.ADDRESS,
        None,
        Group.KEYS,
        "The owner's address. Without an owner's key the node knows the owner by it, and `assign --unsigned` "
        "writes what an external wallet is to sign.",
        default_words="that of the owner's key",
    ),
)

_SESSIONS = (
    _spec(
        "ENABLE_DEDICATED_NODE",
        "dedicated_enabled",
        kinds.FLAG,
        True,
        Group.SESSIONS,
        "1 for a dedicated node. This program runs nothing else, so 0 keeps the node from serving. "
        "The network's default is 0; here it is 1.",
        example="1",
    ),
    _spec(
        "DEDICATED_NODE_AUTHORIZED_SESSIONS",
        "authorized_sessions",
        kinds.AUTHORIZED,
        OwnSessions(),
        Group.SESSIONS,
        "Which sessions the node serves among those it is bound to. Anyone can bind anyone's node, and every "
        "answer costs it gas, so a binding outside this is shown and refused.",
        default_words="empty: sessions of your own keys and of CORTENSOR_TUI_OWNERS",
        takes_empty=True,
    ),
    _spec(
        "CORTENSOR_TUI_OWNERS",
        "owners",
        kinds.ADDRESSES,
        (),
        Group.SESSIONS,
        "Addresses whose sessions count as your own.",
    ),
)

_SECONDS = kinds.optional(kinds.decimal("0.1", "86400", "seconds"))
_TRANSACTIONS = (
    _spec(
        "CORTENSOR_TUI_MAX_FEE_GWEI",
        "max_fee_gwei",
        kinds.decimal("0.001", "1000000", "gwei"),
        100.0,
        Group.TRANSACTIONS,
        "The most to pay for one unit of gas. Above it a transaction waits.",
    ),
    _spec(
        "CORTENSOR_TUI_BUMP",
        "bump",
        kinds.optional(kinds.FLAG),
        None,
        Group.TRANSACTIONS,
        "1 raises the fee of a transaction that waits long; 0 sends the same one again, as suits a chain "
        "whose sequencer takes transactions as they come.",
        default_words=_FROM_PROFILE,
    ),
    _spec(
        "CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH",
        "daily_gas_budget_wei",
        kinds.optional(kinds.ETHER),
        None,
        Group.TRANSACTIONS,
        "The most that each key may spend on gas within 24 hours. What is in flight counts with its highest "
        "fee. At the limit nothing is signed until the day has moved on.",
        default_words="0.5, and 1000 on a local chain",
    ),
    _spec(
        "CORTENSOR_TUI_LOW_BALANCE_ETH",
        "low_balance_wei",
        kinds.ETHER,
        5 * 10**16,
        Group.TRANSACTIONS,
        "Below this balance the node warns.",
    ),
    _spec(
        "CORTENSOR_TUI_ACK_DEADLINE_S",
        "ack_deadline_s",
        _SECONDS,
        None,
        Group.TRANSACTIONS,
        "Seconds from the assignment to the ack.",
        default_words=_FROM_PROFILE,
    ),
    _spec(
        "CORTENSOR_TUI_PRECOMMIT_DEADLINE_S",
        "precommit_deadline_s",
        _SECONDS,
        None,
        Group.TRANSACTIONS,
        "Seconds from the ack to the precommit.",
        default_words=_FROM_PROFILE,
    ),
    _spec(
        "CORTENSOR_TUI_COMMIT_DEADLINE_S",
        "commit_deadline_s",
        _SECONDS,
        None,
        Group.TRANSACTIONS,
        "Seconds from the end of the precommits to the commit.",
        default_words=_FROM_PROFILE,
    ),
    _spec(
        "CORTENSOR_TUI_PRECOMMIT_DATA",
        "precommit_data",
        kinds.WORDS,
        "",
        Group.TRANSACTIONS,
        "The precommit's data argument, whose meaning the network does not publish.",
        takes_empty=True,
    ),
)

_ENGINE = (
    _spec(
        "CORTENSOR_TUI_MODEL_PATH",
        "model_path",
        kinds.optional(kinds.PATH),
        None,
        Group.ENGINE,
        "Your own GGUF file.",
        default_words="the small model that set-up puts into the data folder",
    ),
    _spec(
        "LLM_OPTION_CONTEXT_SIZE",
        "context_tokens",
        kinds.whole(64, 1_048_576),
        2048,
        Group.ENGINE,
        "Tokens of prompt and answer together. The network's default is 512, too short for most prompts.",
    ),
    _spec(
        "LLM_OPTION_BATCH_SIZE",
        "batch_tokens",
        kinds.whole(1, 65536),
        512,
        Group.ENGINE,
        "Tokens of the prompt read at once.",
    ),
    _spec(
        "LLM_OPTION_CPU_THREADS",
        "cpu_threads",
        kinds.THREADS,
        None,
        Group.ENGINE,
        "Threads of the engine; -1 leaves it to the engine.",
    ),
    _spec(
        "LLM_OPTION_GPU",
        "gpu_enabled",
        kinds.FLAG,
        False,
        Group.ENGINE,
        "1 moves layers to the GPU, if llama.cpp was built for one.",
    ),
    _spec(
        "LLM_OPTION_GPU_THRESHOLD",
        "gpu_layers",
        kinds.unless("-1", "as many as fit", kinds.whole(0, 10_000)),
        None,
        Group.ENGINE,
        "How many layers the GPU takes; -1 for as many as fit.",
    ),
    _spec(
        "LLM_OPTION_MLOCK",
        "mlock",
        kinds.FLAG,
        False,
        Group.ENGINE,
        "1 keeps the model's memory from being swapped out. The network's default is 1; here it is 0, since "
        "most hosts let a process lock a few MB at most.",
    ),
    _spec("LLM_HOST", "llm_host", kinds.HOST_NAME, "127.0.0.1", Group.ENGINE, "Host of a model server."),
    _spec("LLM_PORT", "llm_port", kinds.PORT, 8090, Group.ENGINE, "Port of a model server."),
    _spec(
        "LLM_CONTAINER_IMAGE",
        "container_image",
        kinds.WORDS,
        "",
        Group.ENGINE,
        "Name or number of the model's container image, for the container engine.",
        takes_empty=True,
    ),
)

_PROMPTS = (
    _spec(
        "CORTENSOR_TUI_SYSTEM_PROMPT",
        "default_system_prompt",
        kinds.PROMPT,
        "You are a helpful assistant.",
        Group.PROMPTS,
        "System prompt of tasks that ask for the network's default one, whose text is not public. "
        "Empty for none.",
        takes_empty=True,
    ),
    _spec(
        "CORTENSOR_TUI_RAW_PROMPT",
        "raw_prompt",
        kinds.one_of("chat", "verbatim"),
        "chat",
        Group.PROMPTS,
        "How a raw prompt reaches the model: as the user's turn in its chat template, or as it stands.",
    ),
    _spec(
        "CORTENSOR_TUI_SEED",
        "seed",
        kinds.optional(kinds.whole(0, 2**32 - 2)),
        None,
        Group.PROMPTS,
        "Seed of the sampling. The same seed, prompt and model give the same answer again.",
        default_words="random for each task",
    ),
)

_PROGRAM = (
    _spec(
        "CORTENSOR_TUI_DATA_DIR",
        "data_dir",
        kinds.optional(kinds.PATH),
        None,
        Group.PROGRAM,
        "Folder of the journal, the payloads, the logs and the model.",
        default_words="the user's data folder, ~/.local/share/cortensor-tui on Linux",
    ),
    _spec(
        "CORTENSOR_TUI_THEME",
        "theme",
        kinds.optional(kinds.WORDS),
        None,
        Group.PROGRAM,
        "Name of the dashboard's theme.",
        default_words="chosen by the dashboard",
    ),
    _spec(
        "CORTENSOR_TUI_LOG_LEVEL",
        "log_level",
        kinds.one_of("debug", "info", "warning", "error"),
        "info",
        Group.PROGRAM,
        "The least that is logged.",
    ),
    _spec(
        "LOG_FILE_NAME",
        "log_file_name",
        kinds.FILE_NAME,
        "agent_miner.log",
        Group.PROGRAM,
        "Name of the node's log file in the data folder.",
    ),
)

SPECS: Final[tuple[Spec, ...]] = _CHAIN + _KEYS + _SESSIONS + _TRANSACTIONS + _ENGINE + _PROMPTS + _PROGRAM
RPC_HOST_SPECS: Final[tuple[Spec, ...]] = tuple(rpc_host_spec(index) for index in range(MAX_RPC_HOSTS))

# Read from the process environment alone, by the command line and the demo: key, accepted, help.
PROCESS_VARIABLES: Final = (
    ("CORTENSOR_TUI_DEBUG", "1", "Shows the stack trace of an error that nobody foresaw."),
    (
        "CORTENSOR_TUI_DEMO_SECONDS",
        "a number of seconds",
        "Ends the demo by itself so long after its first screen.",
    ),
)
