import Files
package import Foundation

/// An image of a dataset, as an editor finds it.
package struct EditableImage: Sendable, Equatable {
  /// Its path in the dataset folder, which no other image has.
  package let name: String
  /// Whether `subject.yaml` excludes it.
  package let isExcluded: Bool
  /// Whether it is in the dataset folder. The files of other images are not changed.
  package let isInside: Bool
  /// The image with its captions, focus point and mask, also if it is excluded; nil: it cannot be used,
  /// or its caption or mask cannot.
  package let image: DatasetImage?
  let files: ImageFiles
  /// The other images of its folder that have the same name before the extension.
  let namesakes: [String]

  /// The image file.
  package var url: URL { files.url(of: files.image) }

  /// The path of one of its files in the dataset folder.
  func path(of file: String) -> String { name.dropLast(files.image.count) + file }
}

/// The files that an editor writes.
extension EditableImage {
  private var stem: String { files.image.fileStem }

  /// The name of the `.txt` file that is read before all other captions, which need not exist.
  ///
  /// Throws `ImageNameError.shared` if it belongs to other images too, `taken` if something that is no
  /// caption has its name.
  func captionFile() throws(ImageNameError) -> String {
    let present = files.captions.first { $0.pathExtension.lowercased() == "txt" }
    let file = present ?? "\(stem).txt"
    // A caption may also have the whole name of one image, as 01.jpg.txt.
    if file.fileStem == stem { try check(file) }
    if present == nil { try checkIsFree(file) }
    return file
  }

  /// The name of its mask file, which need not exist. Throws as ``captionFile()``, and
  /// `ImageNameError.namedAsMask`.
  func maskFile() throws(ImageNameError) -> String {
    guard MaskName.owner(of: stem) == nil else { throw .namedAsMask(name) }
    let file = "\(stem)-mask.png"
    try check(file)
    if !files.masks.contains(file) { try checkIsFree(file) }
    return file
  }

  private func check(_ file: String) throws(ImageNameError) {
    guard namesakes.isEmpty else { throw .shared(name, file: file, others: namesakes) }
  }

  private func checkIsFree(_ file: String) throws(ImageNameError) {
    let url = files.url(of: file)
    if DurableFile.exists(url) { throw .taken(url.relativePath) }
  }
}
