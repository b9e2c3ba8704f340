import Files
package import Foundation
package import StableDiffusion

/// Where a model comes from, and the hashes of its files: `manifest.json` in its folder. Programs that
/// read the model do not read it.
package struct ModelManifest: Codable, Sendable {
  static let fileName = "manifest.json"

  /// A file of the model.
  package struct Entry: Codable, Sendable, Equatable {
    package let size: Int
    package let sha256: String
  }

  package let kind: ModelKind
  /// The repository on the Hub.
  package let repository: String
  /// The commit.
  package let revision: String
  /// `fp16`, or nil.
  package let variant: String?
  /// The files by path.
  package let files: [String: Entry]

  init(
    kind: ModelKind, repository: String, revision: String, variant: String?,
    files: [String: Entry]
  ) {
    self.kind = kind
    self.repository = repository
    self.revision = revision
    self.variant = variant
    self.files = files
  }

  /// Reads the manifest of a model's folder; nil if it has none, or one that another program has
  /// written.
  package init?(of folder: URL) {
    do {
      let data = try Data(contentsOf: folder.appending(path: Self.fileName))
      self = try JSONDecoder().decode(Self.self, from: data)
    } catch {
      return nil
    }
  }

  /// Writes it into a model's folder. Throws `FileAccessError.unwritable`.
  func write(to folder: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try DurableFile.replace(
      folder.appending(path: Self.fileName), with: try encoder.encode(self) + Data("\n".utf8))
  }
}
