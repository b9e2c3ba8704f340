/// The name of a colour profile (ICC.1:2022 sections 7.2, 7.3 and 10.15; ICC.1:2001 section
/// 6.5.17).
struct ICCProfile {
  /// The profile's description; nil: it is damaged.
  let name: String?

  /// Reads a profile from any bytes.
  init(_ bytes: some Collection<UInt8>) {
    name = Self.name(of: Array(bytes)[...])
  }

  /// The name for reports: nil for sRGB, "unreadable" for a damaged profile.
  var otherThanSRGB: String? {
    guard let name else { return "unreadable" }
    return name.contains("sRGB") ? nil : name
  }

  private static func name(of profile: ArraySlice<UInt8>) -> String? {
    let tagTable = 128
    let entrySize = 12
    guard profile.text(at: 36, count: 4) == "acsp", let tags = profile.number(at: tagTable) else {
      return nil
    }
    let fitting = (profile.count - tagTable - 4) / entrySize
    for index in 0..<min(tags, max(fitting, 0)) {
      let entry = tagTable + 4 + index * entrySize
      guard profile.text(at: entry, count: 4) == "desc" else { continue }
      guard let offset = profile.number(at: entry + 4), let count = profile.number(at: entry + 8),
        let tag = profile.part(at: offset, count: count)
      else { return nil }
      return description(tag)
    }
    return nil
  }

  /// The ASCII text of version 2, or the first of version 4's UTF-16 texts, of which each language
  /// has one.
  private static func description(_ tag: ArraySlice<UInt8>) -> String? {
    let text: String?
    switch tag.text(at: 0, count: 4) {
    case "desc":
      text = tag.number(at: 8).flatMap { tag.text(at: 12, count: $0) }
    case "mluc":
      guard let count = tag.number(at: 20), let offset = tag.number(at: 24),
        let bytes = tag.part(at: offset, count: count)
      else { return nil }
      let high = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2)
      text = String(
        decoding: high.map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }, as: UTF16.self)
    default:
      return nil
    }
    // The text ends in NUL. A line break would break the message that contains it.
    let name = text.map { String($0.prefix { $0 != "\0" }.filter { !$0.isNewline }) }
    return name?.isEmpty == false ? name : nil
  }
}

extension ArraySlice<UInt8> {
  /// `count` bytes from an offset; nil: there are fewer.
  fileprivate func part(at offset: Int, count: Int) -> ArraySlice<UInt8>? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      return nil
    }
    return self[(startIndex + offset)..<(startIndex + offset + count)]
  }

  /// A big-endian number of 32 bits.
  fileprivate func number(at offset: Int) -> Int? {
    part(at: offset, count: 4)?.reduce(0) { $0 << 8 | Int($1) }
  }

  fileprivate func text(at offset: Int, count: Int) -> String? {
    part(at: offset, count: count).map { String(decoding: $0, as: UTF8.self) }
  }
}
