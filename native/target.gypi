{
  # What both targets of binding.gyp are compiled with.
  'include_dirs': ['.'],
  'defines': [
    'NAPI_VERSION=9',
    'NAPI_DISABLE_CPP_EXCEPTIONS',
    'NODE_ADDON_API_DISABLE_DEPRECATED',
    '_GLIBCXX_ASSERTIONS',
    # Asks the C library for old versions of functions, so that glibc 2.28 suffices.
    'WEFT_GLIBC_FLOOR',
  ],
  'cflags': [
    '-fvisibility=hidden',
    '-fno-exceptions',
    '-fstack-protector-strong',
    '-fstack-clash-protection',
    '-Wall',
    '-Wextra',
    '-Wconversion',
    '-U_FORTIFY_SOURCE',
    '-D_FORTIFY_SOURCE=3',
    # Headers that are not ours: -isystem keeps our warnings out of them.
    '-isystem <(node_root_dir)/include/node',
    '-isystem <!(node -p "require(\'path\').dirname(require.resolve(\'node-addon-api\'))")',
  ],
  'cflags_cc': ['-std=c++20', '-fvisibility-inlines-hidden'],
  'conditions': [
    ['target_arch=="x64"', {'cflags': ['-fcf-protection']}],
    ['target_arch=="arm64"', {'cflags': ['-mbranch-protection=standard']}],
    ['weft_werror=="yes"', {'cflags': ['-Werror']}],
  ],
}
