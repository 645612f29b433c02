#!/usr/bin/env bash
# Builds llama-bench and llama-server from the llama.cpp that the Python binding was built from: its source
# package, as the lock pins it. Quick when they are there. They are kept without libllama and libggml of
# their own, so that they can only run on the binding's: the yardstick is the very same code.
#   scripts/yardsticks.sh VENV
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1/bin/python
version=$("$python" -c 'from importlib.metadata import version; print(version("llama-cpp-python"))')
target=build/llama.cpp/$version
programs=(llama-bench llama-server)

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

if [ -x "$target/bin/${programs[0]}" ] && [ -x "$target/bin/${programs[1]}" ]; then
    exit 0
fi
scratch=$target/.building log=$target/build.log
rm -rf "$scratch"
mkdir -p "$scratch"
say "Building ${programs[*]} of llama-cpp-python $version: about 9 minutes on 2 cores, once"

# --- The source: the one line of the lock, with its hash ---------------------------------------------
sed -n "/^llama-cpp-python==$version /,/--hash/p" requirements-dev.lock >"$scratch/source.txt"
"$python" -m pip download --disable-pip-version-check --no-input --no-deps --no-binary llama-cpp-python \
    --require-hashes --dest "$scratch" -r "$scratch/source.txt" >"$log" 2>&1 ||
    { tail -n 25 "$log" >&2; echo "The source of llama.cpp could not be fetched; the whole output is in $log" >&2; exit 1; }
tar -xf "$scratch"/llama_cpp_python-*.tar.gz -C "$scratch" --strip-components=1

# --- The build: said of it is what it was made from, not the git of the folder it lies in -------------
options=(
    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON
    -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON '-DCMAKE_INSTALL_RPATH=$ORIGIN'
    -DLLAMA_BUILD_NUMBER=0 "-DLLAMA_BUILD_COMMIT=llama-cpp-python-$version"
    -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF
)
{
    cmake -G Ninja -S "$scratch/vendor/llama.cpp" -B "$scratch/build" "${options[@]}" &&
        nice -n 19 ninja -j "$(nproc)" -C "$scratch/build" "${programs[@]}"
} >>"$log" 2>&1 ||
    { tail -n 25 "$log" >&2; echo "Building failed; the whole output is in $log" >&2; exit 1; }

rm -f "$scratch"/build/bin/{libllama.so,libggml,libmtmd}*
rm -rf "$target/bin"
mv "$scratch/build/bin" "$target/bin"
rm -rf "$scratch"
say "Built in $SECONDS s"
