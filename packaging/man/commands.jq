# Turns what `dovemon --experimental-dump-help` prints, ArgumentParser's description of the command line, into Markdown
# for dovemon(8).

# Backquotes are meant as they are.
def escaped: gsub("(?<special>[*_<\\[\\\\])"; "\\\(.special)");

# What stands for an option's value, in capitals.
def value: .valueName | ascii_upcase;

def name:
    if .kind == "short" then "**-\(.name)**"
    elif .kind == "long" then "**--\(.name)**"
    else "**-\(.name)**" end;

def term:
    if .kind == "positional" then "*\(value)*\(if .isRepeating then "..." else "" end)"
    else (.names | sort_by(.kind == "long") | map(name) | join(", "))
        + (if .kind == "option" then " *\(value)*" else "" end)
    end;

def meaning:
    ([
        (if .allValues then "one of " + (.allValues | join(", ")) else empty end),
        (if .defaultValue then "default: \(.defaultValue)" else empty end)
    ] | if length > 0 then " (\(join("; ")))" else "" end) as $values
    | ((.abstract // "") | escaped) + ($values | escaped);

# Each command has these two, and they are told once.
def is_common: (.valueName == "help" or .valueName == "version") and .kind == "flag";

def option: "\(term)\n: \(meaning)\n";

def command($words):
    ($words + [.commandName]) as $words
    | "## \($words | join(" "))\n\n\(.abstract | escaped)\n",
      (if .discussion then "\(.discussion | escaped)\n" else empty end),
      (.arguments // [] | .[] | select(.shouldDisplay and (is_common | not)) | option),
      (.subcommands // [] | .[] | select(.shouldDisplay) | command($words));

.command
| if $part == "description" then .abstract + "\n\n" + .discussion | escaped
  else
    (.subcommands[] | select(.shouldDisplay and .commandName != "help") | command(["dovemon"])),
    "## All commands\n",
    (.arguments[] | select(.shouldDisplay and is_common) | option)
  end
