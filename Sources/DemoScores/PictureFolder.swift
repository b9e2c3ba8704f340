public import Foundation

/// Folders of pictures.
public enum PictureFolder {
  /// The `.png` files in a folder, sorted by name. Throws `DemoScoresError`.
  public static func pictures(in folder: URL) throws(DemoScoresError) -> [URL] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw .noSuchFolder(folder.relativePath)
    }
    let pictures = names.filter { $0.lowercased().hasSuffix(".png") }.sorted()
    guard !pictures.isEmpty else { throw .noPictures(folder.relativePath) }
    return pictures.map { folder.appending(path: $0) }
  }
}
