import Files
import Foundation
package import Training

/// One export of a run's adapter, a line of `exports.jsonl` in the run folder.
package struct ExportRecord: Codable, Sendable, Equatable {
  private static let fileName = "exports.jsonl"

  /// The step of the checkpoint.
  package let step: Int
  /// Which adapter of the checkpoint; nil: the trained one.
  package let weights: String?
  /// The form of the file: `kohya`, `diffusers` or `peft`.
  package let format: String
  /// The type of the matrices.
  package let precision: String
  package let path: String
  /// SHA-256 of the file with the UNet's adapters.
  package let sha256: String
  /// The largest difference of the model's output on a fixed input from that with the checkpoint.
  package let difference: Double
  /// The largest change of that output by the adapter.
  package let change: Double
  /// Time of the export, in ISO 8601.
  package let exportedAt: String

  private enum CodingKeys: String, CodingKey {
    case step, weights, format, precision, path, sha256, difference, change
    case exportedAt = "exported_at"
  }

  /// The exports of a run, oldest first. Throws `FileAccessError`, `DecodingError`.
  package static func all(of folder: RunFolder) throws -> [ExportRecord] {
    let file = folder.url.appending(path: fileName)
    guard FileManager.default.fileExists(atPath: file.path) else { return [] }
    do {
      return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
        try JSONDecoder().decode(ExportRecord.self, from: $0)
      }
    } catch {
      throw FileAccessError.unreadable(file: file.relativePath, reason: error.reason)
    }
  }

  /// Adds a line. Throws `FileAccessError`.
  static func append(_ record: ExportRecord, to folder: RunFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try (all(of: folder) + [record]).map { try encoder.encode($0) + Data("\n".utf8) }
    try DurableFile.replace(
      folder.url.appending(path: fileName), with: Data(lines.joined()))
  }
}
