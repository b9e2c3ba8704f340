/// Letters of TOML as ASCII. toml++ 3 (TOMLKit) looks for white space among letters above U+00A0, such as
/// "ä", with a `switch` that has no case for them, which is undefined behaviour in C++. So it reads a text
/// with stand-ins, which are allowed wherever letters are.
enum TOMLStandIns {
  private static let (start, end) = ("_U_", "_")

  /// The text with stand-ins for all characters that are not ASCII. Spaces stay, since they may be outside of
  /// texts, where toml++ refuses them. Other ends of lines than that of ASCII do not: toml++ ends the program
  /// if one is in a list.
  static func encode(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
    return text.unicodeScalars.reduce(into: "") { encoded, scalar in
      if scalar.isASCII || scalar.properties.generalCategory == .spaceSeparator
        || scalar == "\u{feff}"
      {
        encoded.unicodeScalars.append(scalar)
      } else {
        encoded += start + String(scalar.value, radix: 16) + end
      }
    }
  }

  /// The text before its encoding.
  static func decode(_ text: String) -> String {
    guard text.contains(start) else { return text }
    return text.replacing(/_U_([0-9a-f]{2,6})_/) { match in
      UInt32(match.1, radix: 16).flatMap(Unicode.Scalar.init).map(String.init) ?? String(match.0)
    }
  }
}
