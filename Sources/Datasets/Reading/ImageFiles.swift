import Foundation

/// The files of one image, in one folder. A caption or a mask may belong to several images of one
/// name.
struct ImageFiles: Sendable, Equatable {
  /// The folder of the image.
  let folder: URL
  /// The image's name in the folder.
  let image: String
  /// Its caption files. The first that has text is used.
  let captions: [String]
  /// Its masks, as paths in the folder. The first is used.
  let masks: [String]

  /// The place of one of the files.
  func url(of file: String) -> URL { folder.appending(path: file, directoryHint: .notDirectory) }
}

extension ImageFolder {
  /// The files of an image in this folder.
  func files(of image: String) -> ImageFiles {
    ImageFiles(
      folder: files.url, image: image, captions: files.captions[image] ?? [],
      masks: files.masks.byImage[image] ?? [])
  }
}
