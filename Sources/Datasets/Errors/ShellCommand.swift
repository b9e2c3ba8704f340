/// Commands for a POSIX shell.
enum ShellCommand {
  /// A path as one word of a command.
  static func quoted(_ path: String) -> String {
    let path = path.hasPrefix("-") ? "./" + path : path
    let isPlain = path.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"), UInt8(ascii: "/"):
        true
      default: false
      }
    }
    return isPlain && !path.isEmpty ? path : "'\(path.replacing("'", with: #"'\''"#))'"
  }

  /// Renames a file.
  static func move(_ path: String, to other: String) -> String {
    "mv \(quoted(path)) \(quoted(other))"
  }

  /// Removes a file.
  static func remove(_ path: String) -> String { "rm \(quoted(path))" }

  /// Rewrites a text in UTF-8.
  static func toUTF8(_ path: String, from encoding: String) -> String {
    let copy = path + ".utf8"
    return "iconv -f \(encoding) -t UTF-8 \(quoted(path)) > \(quoted(copy)) && "
      + move(copy, to: path)
  }

  /// Converts an image to PNG with ImageMagick.
  static func convert(_ path: String, to other: String) -> String {
    "magick \(quoted(path)) \(quoted(other))"
  }

  /// Converts a table in Parquet to comma-separated values with pandas.
  static func toCSV(_ path: String, to other: String) -> String {
    "python3 -c 'import pandas, sys; pandas.read_parquet(sys.argv[1]).to_csv(sys.argv[2], index=False)' "
      + "\(quoted(path)) \(quoted(other))"
  }

  /// Replaces an image with a PNG converted to sRGB, with libvips.
  static func toSRGB(_ path: String, as other: String) -> String {
    let copy = other + ".srgb.png"
    return "vips icc_transform \(quoted(path)) \(quoted(copy)) srgb --embedded && "
      + (path == other ? "" : "\(remove(path)) && ") + move(copy, to: other)
  }
}
