import DreamBooth
import Foundation
import Images

/// The folder of a campaign's pictures, which tell themselves what they are.
struct CampaignFolder {
  /// How far a picture is.
  enum State: String {
    case drawn = "drawn   "
    case missing = "to draw "
    /// There is one that was drawn otherwise.
    case changed = "changed "
  }

  /// Where pictures go when nothing is said.
  private static let standard = "campaign"

  let url: URL
  private let overwrite: Bool

  /// What --output says. Throws `UsageError` for a file's name.
  init(_ output: String?, overwrite: Bool) throws {
    url = URL(filePath: output ?? Self.standard)
    self.overwrite = overwrite
    guard url.pathExtension.lowercased() != "png" else {
      throw UsageError(
        "--output is \(url.relativePath), but a campaign needs a folder for its pictures.")
    }
  }

  /// A file of the folder.
  func file(_ name: String) -> URL { url.appending(path: name) }

  /// Makes the folder, ready to be written to. Throws `FileAccessError`.
  func prepare() throws { try PicturePlace.makeWritable(url) }

  /// Whether a picture is there as it is asked for. Throws `OutputExists` for a file that is none of
  /// this program's, unless it may be replaced.
  func state(of name: String, asked: PictureRecord) throws -> State {
    guard FileManager.default.fileExists(atPath: file(name).path) else { return .missing }
    if let record = try record(of: name) {
      return record.asksForTheSame(as: asked) ? .drawn : .changed
    }
    guard overwrite else { throw OutputExists(file: file(name).relativePath) }
    return .changed
  }

  /// What a picture says of itself; nil where there is none, or it says nothing.
  func record(of name: String) throws -> PictureRecord? {
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
