import Foundation
import Images

/// The small images in `Fixtures`, Pillow's decoding of them, and the shared photographs.
enum Fixtures {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
  static let folder = tests.appending(path: "Fixtures")
  static let repository = tests.deletingLastPathComponent().deletingLastPathComponent()
  static let photos = repository.deletingLastPathComponent().appending(path: "shared/photos")

  static let jpegs = [
    "baseline-420.jpg", "baseline-422.jpg", "baseline-444.jpg", "cmyk.jpg", "grey-progressive.jpg",
    "grey.jpg", "orientation-6.jpg", "progressive-420.jpg", "restart.jpg", "rgb.jpg", "ycck.jpg",
  ]
  static let pngs = [
    "grey-16-key.png", "orientation-5.png", "palette-alpha.png", "rgb-16-key.png",
    "rgba-gamma.png", "text.png",
  ]

  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appending(path: name))
  }

  /// Pillow's decoding, kept as a plain RGB PNG.
  static func expected(_ name: String) throws -> RGBImage {
    let stem = name.prefix { $0 != "." }
    return try ImageDecoder.decode(contentsOf: folder.appending(path: "expected/\(stem).png"))
  }

  /// Whether a folder of the shared photographs exists. Prints a note if tests are skipped.
  static func hasPhotos(_ name: String) -> Bool {
    let exists = FileManager.default.fileExists(atPath: photos.appending(path: name).path)
    if !exists { print("SKIPPED: tests of shared/photos/\(name), which does not exist") }
    return exists
  }

  static func files(in folder: URL, ofType type: String) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == type }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  /// Calls `body` with the path of an empty folder and removes it afterwards.
  static func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { removeQuietly(folder) }
    try body(folder)
  }

  private static func removeQuietly(_ folder: URL) {
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      print("could not remove \(folder.path): \(error)")
    }
  }
}

extension RGBImage {
  /// The greatest difference of any sample; 255 when the sizes differ.
  func greatestDifference(from other: RGBImage) -> Int {
    guard width == other.width, height == other.height else { return 255 }
    return zip(pixels, other.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
  }

  /// Peak signal-to-noise ratio in decibels; 0 when the sizes differ.
  func signalToNoise(against other: RGBImage) -> Double {
    guard width == other.width, height == other.height else { return 0 }
    let squares = zip(pixels, other.pixels).reduce(0) { sum, pair in
      let difference = Int(pair.0) - Int(pair.1)
      return sum + difference * difference
    }
    return 10 * log10(255 * 255 * Double(pixels.count) / Double(max(squares, 1)))
  }

  /// The same for a share of the blocks of 5 x 5 pixels: those that differ least.
  func signalToNoise(against other: RGBImage, share: Double) -> Double {
    guard width == other.width, height == other.height else { return 0 }
    var squares = [Int](repeating: 0, count: (width / 5) * (height / 5))
    for y in 0..<(height / 5 * 5) {
      for x in 0..<(width / 5 * 5) {
        for index in ((y * width + x) * 3)..<((y * width + x) * 3 + 3) {
          let difference = Int(pixels[index]) - Int(other.pixels[index])
          squares[y / 5 * (width / 5) + x / 5] += difference * difference
        }
      }
    }
    let kept = squares.sorted().prefix(Int(share * Double(squares.count)))
    return 10 * log10(255 * 255 * 75 * Double(kept.count) / Double(max(kept.reduce(0, +), 1)))
  }
}
