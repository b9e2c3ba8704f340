import Files
import Foundation

/// What was removed together with an image.
package struct RemovedImage: Sendable, Equatable {
  /// The paths of the files in the dataset folder before they were removed, the image first.
  package let files: [String]
  /// The folder that has them now, as a path in the dataset folder.
  package let folder: String
}

extension DatasetEditor {
  /// Removes an image with its captions and masks from the dataset, and from `exclude` in `subject.yaml`.
  /// Nothing is deleted: the files move to a new folder in `.trash` of the dataset, which is passed over
  /// when the dataset is read. They have the same paths there as in the dataset. Captions and masks that
  /// belong to other images too stay, as do lines of tables with captions.
  ///
  /// Throws `ImageNameError`, `SubjectEditError`, `FileAccessError`, and what ``images()`` throws. Then
  /// the files are where they were, as far as they can be moved back.
  @discardableResult
  package func remove(_ name: String) throws -> RemovedImage {
    try changing {
      let image = try changeable(name)
      let others = try images().filter {
        $0.name != image.name && $0.files.folder == image.files.folder
      }
      let used = Set(others.flatMap { $0.files.captions + $0.files.masks })
      let parts = (image.files.captions + image.files.masks).filter { !used.contains($0) }
      let settings = image.isExcluded ? try excluding(false, image.name) : nil
      let files = [image.files.image] + parts
      // If a file then cannot be moved, the image is only no longer excluded.
      if let settings { try write(settings) }
      let folder = try moveToTrash(files, of: image)
      return RemovedImage(files: files.map(image.path), folder: folder)
    }
  }

  /// Moves files of an image to a new folder in the trash, in their order. If one cannot be moved, those
  /// before it move back. Returns the path of the folder in the dataset folder; empty for no files.
  ///
  /// Throws `FileAccessError.unwritable`.
  @discardableResult
  func moveToTrash(_ files: [String], of image: EditableImage) throws -> String {
    guard !files.isEmpty else { return "" }
    let trash = directory.appending(path: SystemFile.trash, directoryHint: .isDirectory)
    let number = (trash.entryNames.compactMap { Int($0) }.max() ?? 0) + 1
    let inner = Self.place(of: image.files.folder).dropFirst(Self.place(of: directory).count)
    let folder = trash.appending(path: "\(number)\(inner)", directoryHint: .isDirectory)
    var moved: [(from: URL, to: URL)] = []
    do {
      for file in files {
        let (from, to) = (
          image.files.url(of: file), folder.appending(path: file, directoryHint: .notDirectory)
        )
        try DurableFile.makeFolder(to.deletingLastPathComponent())
        try DurableFile.rename(from, to: to)
        moved.append((from, to))
        try DurableFile.syncFolder(from.deletingLastPathComponent())
      }
    } catch {
      for (from, to) in moved.reversed() { try DurableFile.rename(to, to: from) }
      throw error
    }
    return "\(SystemFile.trash)/\(number)"
  }
}
