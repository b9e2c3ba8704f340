import Foundation
import Images

/// The small images in `Fixtures/formats`: one picture in every form of every format.
enum FormatFixtures {
  static let folder = Fixtures.folder.appending(path: "formats")

  /// Forms that are refused by name.
  static let refused = ["float.tif"]

  /// The files of the formats that this build reads, without those that are refused.
  static let all: [String] = {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      fatalError("\(folder.path) cannot be read: \(error)")
    }
    return names.filter { format(of: $0)?.isReadable == true && !refused.contains($0) }.sorted()
  }()

  /// Those of some formats.
  static func files(of formats: ImageFormat...) -> [String] {
    all.filter { name in format(of: name).map(formats.contains) ?? false }
  }

  /// The format that the extension names.
  static func format(of name: String) -> ImageFormat? {
    let ending = name.split(separator: ".").last.map(String.init) ?? ""
    return ImageFormat.allCases.first { $0.extensions.contains(ending) }
  }

  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appending(path: name))
  }

  /// The profile in `adobe.jpg`.
  static func adobeProfile() throws -> Data {
    let data = try data("adobe.jpg")
    guard let mark = data.firstRange(of: Data("ICC_PROFILE\0\u{1}\u{1}".utf8)) else {
      throw CocoaError(.fileReadCorruptFile)
    }
    let count = Int(data[mark.lowerBound - 2]) << 8 | Int(data[mark.lowerBound - 1])
    return data[mark.upperBound...].prefix(count - 2 - mark.count)
  }

  /// Pillow's decoding of a file.
  static func expected(_ name: String) throws -> RGBImage {
    let file = "expected/\(name.replacing(".", with: "-")).png"
    return try ImageDecoder.decode(contentsOf: folder.appending(path: file))
  }
}

extension Data {
  /// A little-endian number.
  func number(at offset: Int, bytes: Int = 4) -> Int {
    (0..<bytes).reversed().reduce(0) { $0 << 8 | Int(self[startIndex + offset + $1]) }
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same draws on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
