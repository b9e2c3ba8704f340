package import Files
package import Foundation
import Images

/// The folder of a campaign's pictures. Each picture records how it was drawn.
package struct CampaignFolder {
  /// The state of a picture.
  package enum State: String, Sendable {
    case drawn = "drawn   "
    case missing = "to draw "
    /// The file exists and was drawn with other parameters.
    case changed = "changed "
  }

  /// The folder without an `output`.
  private static let standard = "campaign"

  package let url: URL
  private let overwrite: Bool

  /// - Parameter output: the folder; nil: `campaign`. Throws `OutputError` for the name of a file.
  package init(_ output: String?, overwrite: Bool) throws(OutputError) {
    url = URL(filePath: output ?? Self.standard)
    self.overwrite = overwrite
    guard url.pathExtension.lowercased() != "png" else { throw .notAFolder(url.relativePath) }
  }

  package func file(_ name: String) -> URL { url.appending(path: name) }

  /// Creates the folder and checks that it is writable. Throws `FileAccessError`.
  package func prepare() throws(FileAccessError) { try PicturePlace.makeWritable(url) }

  /// Compares a picture's record with the wanted one. Throws `OutputError.exists` for a file that this
  /// program has not written, unless `overwrite` is set.
  package func state(of name: String, wanted: PictureRecord) throws -> State {
    guard FileManager.default.fileExists(atPath: file(name).path) else { return .missing }
    if let record = try record(of: name) {
      return record.describesSamePicture(as: wanted) ? .drawn : .changed
    }
    guard overwrite else { throw OutputError.exists(file(name).relativePath) }
    return .changed
  }

  /// The record of a picture; nil if the file or its record is missing.
  package func record(of name: String) throws -> PictureRecord? {
    do {
      if case .record(let record) = try RecordedPicture(contentsOf: file(name)) { return record }
    } catch is PictureRecordError {
      // Another program has written it.
    } catch let error as ImageError {
      if case .unreadable = error.problem { throw error }
    }
    return nil
  }
}
