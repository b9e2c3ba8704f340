package import Files
package import Foundation
import Images

/// The folder of a campaign's images, each of which records how it was drawn.
package struct CampaignFolder {
  /// How far an image is.
  package enum State: String, Sendable {
    case drawn = "drawn   "
    case missing = "to draw "
    /// There is one that was drawn otherwise.
    case changed = "changed "
  }

  /// Where images go if no `output` is given.
  private static let standard = "campaign"

  package let url: URL
  private let overwrite: Bool

  /// - Parameter output: the folder; nil: the standard one. Throws `OutputError` for a file's name.
  package init(_ output: String?, overwrite: Bool) throws(OutputError) {
    url = URL(filePath: output ?? Self.standard)
    self.overwrite = overwrite
    guard url.pathExtension.lowercased() != "png" else { throw .notAFolder(url.relativePath) }
  }

  /// A file of the folder.
  package func file(_ name: String) -> URL { url.appending(path: name) }

  /// Makes the folder, ready to be written to. Throws `FileAccessError`.
  package func prepare() throws(FileAccessError) { try PicturePlace.makeWritable(url) }

  /// Whether an image is there as it is wanted. Throws `OutputError` for a file that is none of this
  /// program's, unless it may be replaced.
  package func state(of name: String, wanted: PictureRecord) throws -> State {
    guard FileManager.default.fileExists(atPath: file(name).path) else { return .missing }
    if let record = try record(of: name) {
      return record.asksForTheSame(as: wanted) ? .drawn : .changed
    }
    guard overwrite else { throw OutputError.exists(file(name).relativePath) }
    return .changed
  }

  /// What an image records; nil if there is none, or it has no record.
  package func record(of name: String) throws -> PictureRecord? {
    do {
      if case .record(let record) = try RecordedPicture(contentsOf: file(name)) { return record }
    } catch is PictureRecordError {
      // Not ours.
    } catch let error as ImageError {
      if case .unreadable = error.problem { throw error }
    }
    return nil
  }
}
