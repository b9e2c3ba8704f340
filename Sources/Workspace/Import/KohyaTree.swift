import Files
import Foundation

/// A folder tree of sd-scripts: `10_sks dog` and the like, alone or in a project with folders for
/// training and class images.
struct KohyaTree {
  /// The folder that has the folders of training images.
  let training: String
  /// The folder that has the folders of class images; nil: there is none.
  let classes: String?

  /// Finds the folders. Throws `ImportError.noImageFolders`, `severalTrees`.
  init(_ path: String) throws(ImportError) {
    let names = URL(filePath: path, directoryHint: .isDirectory).entryNames
    let inside = names.map { (name: $0, path: "\(path)/\($0)") }
      .filter { !KohyaDataset.tree($0.path).isEmpty }
    let classes = inside.filter { Self.isForClasses($0.name) }
    let others = inside.filter { !Self.isForClasses($0.name) }
    if !KohyaDataset.tree(path).isEmpty {
      training = path
    } else if others.count > 1 {
      throw .severalTrees(path, others.map(\.name))
    } else if let only = others.first {
      training = only.path
    } else {
      throw .noImageFolders(path)
    }
    self.classes = classes.first?.path
  }

  /// `reg`, `regularization`, `class_images`
  private static func isForClasses(_ name: String) -> Bool {
    let name = name.lowercased()
    return name.hasPrefix("reg") || name.hasPrefix("class")
  }
}
