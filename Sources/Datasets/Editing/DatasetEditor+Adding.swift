import Files
package import Foundation
import Images

extension DatasetEditor {
  /// Adds an image, or a caption in a `.txt` file. The content decides what it is. An image with the bytes
  /// of one in the dataset folder, or in a folder in it, is not added again.
  ///
  /// - Parameter name: The wanted name. Only its last component counts, without control characters and
  ///   separators, and with an extension that fits the content. A name that is taken gets a number. So
  ///   does that of an image which differs from the name of another image only in its extension, since
  ///   both would have one caption. A caption takes the name of the image whose name it has.
  /// - Throws: `AddingError`, `ImageError` for a damaged image, `DatasetError.unreadable` for the folder,
  ///   `FileAccessError`. Then nothing is left on the disk.
  package func add(
    _ data: Data, named name: String, limits: AddingLimits = AddingLimits()
  ) throws -> AddedFile {
    let label = "\"\(name.lastPathPart.excerpt().showingControls)\""
    let content = try Self.content(of: data, named: name, label, limits)
    return try changing {
      let entries = try FolderListing(directory).entries
      let files = entries.filter { $0.kind != .folder }
      let wanted =
        switch content {
        case .image(let format): AddedName(name, endings: format.extensions)
        case .caption: Self.captionName(name, among: files.map(\.name))
        }
      if let present = try present(data, content, as: wanted) {
        return AddedFile(name: present, content: content.kind, isPresent: true)
      }
      guard files.count(where: { !SystemFile.contains($0.name) }) < limits.fileCount else {
        throw AddingError.tooMany(directory.relativePath, limit: limits.fileCount)
      }
      let free = Self.free(wanted, content, among: entries.map(\.name))
      try DurableFile.replace(
        directory.appending(path: free, directoryHint: .notDirectory), with: data)
      return AddedFile(name: free, content: content.kind, isPresent: false)
    }
  }

  private enum Content {
    case image(ImageFormat)
    case caption

    var kind: AddedFile.Content {
      switch self {
      case .image: .image
      case .caption: .caption
      }
    }
  }

  /// What data contains. Throws `AddingError`, `ImageError`.
  private static func content(
    of data: Data, named name: String, _ label: String, _ limits: AddingLimits
  ) throws -> Content {
    guard data.count <= limits.image.fileBytes else {
      throw AddingError.tooLarge(label, byteCount: data.count, limit: limits.image.fileBytes)
    }
    let header: ImageHeader
    do throws(ImageError) {
      header = try ImageDecoder.header(data, name: label, limits: limits.image)
    } catch {
      guard case .notAnImage(let other) = error.problem else { throw error }
      guard name.pathExtension.lowercased() == "txt" else {
        throw AddingError.otherContent(label, other)
      }
      try checkCaption(data, label)
      return .caption
    }
    // As a TIFF it would be its thumbnail.
    guard !ImageName.isRaw(name, as: header.format) else {
      throw AddingError.otherContent(label, .cameraRaw)
    }
    _ = try ImageDecoder.decode(data, name: label, scale: .eighth, limits: limits.image)
    return .image(header.format)
  }

  private static func checkCaption(_ data: Data, _ label: String) throws(AddingError) {
    guard data.count <= CaptionText.limit else {
      throw .tooLarge(label, byteCount: data.count, limit: CaptionText.limit)
    }
    guard String(data: data, encoding: .utf8) != nil, !data.contains(0) else {
      throw .notUTF8(label)
    }
  }

  /// The name of a caption: that of the image that it belongs to, if there is one.
  private static func captionName(_ name: String, among files: [String]) -> AddedName {
    let wanted = AddedName(name, endings: ["txt"])
    let images = ImageNames(files.filter { !isSideFile($0) })
    guard let owner = images.owners(wanted.stem).first else { return wanted }
    return AddedName(stem: owner.fileStem, ending: "txt")
  }

  /// The wanted name, with a number if it is taken.
  private static func free(
    _ wanted: AddedName, _ content: Content, among files: [String]
  ) -> String {
    let taken = Set(files.map { $0.lowercased() })
    var stems: Set<String> = []
    if case .image = content {
      stems = Set(files.filter { !isSideFile($0) }.map { $0.fileStem.lowercased() })
    }
    var number = 1
    while taken.contains(wanted.name(number).lowercased())
      || stems.contains(wanted.name(number).fileStem.lowercased())
    {
      number += 1
    }
    return wanted.name(number)
  }

  /// Whether a name is that of a caption, a table or `subject.yaml`, and not of an image.
  private static func isSideFile(_ name: String) -> Bool {
    CaptionFile.endings.contains(name.pathExtension.lowercased()) || name == Subject.fileName
      || CaptionMetadata.fileNames.contains(name)
  }

  /// The path of the same file in the dataset folder, or of the same image in a folder in it; nil: there
  /// is none. Captions and masks of several images may have the same bytes.
  private func present(_ data: Data, _ content: Content, as wanted: AddedName) throws -> String? {
    guard content.kind == .image, MaskName.owner(of: wanted.stem) == nil else {
      let file = directory.appending(path: wanted.name(), directoryHint: .notDirectory)
      return try Self.has(data, file) ? wanted.name() : nil
    }
    for folder in [""] + (try DatasetFolder.folders(in: directory)).map({ "\($0)/" }) {
      let url = directory.appending(path: folder, directoryHint: .isDirectory)
      for entry in try FolderListing(url).entries
      where entry.kind == .file && entry.isText && !entry.name.hasPrefix(".") {
        let file = url.appending(path: entry.name, directoryHint: .notDirectory)
        if try Self.has(data, file) { return folder + entry.name }
      }
    }
    return nil
  }

  /// Whether a file has these bytes. Only a file of this size is read. Throws `FileAccessError`.
  private static func has(_ data: Data, _ url: URL) throws(FileAccessError) -> Bool {
    var status = stat()
    guard stat(url.path, &status) == 0, Int(status.st_size) == data.count else { return false }
    return try ContentHash.of(fileAt: url) == ContentHash.of(data)
  }
}
