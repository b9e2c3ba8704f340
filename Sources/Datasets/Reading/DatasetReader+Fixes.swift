import Foundation
import Images

/// Findings of files with the commands that fix them.
extension DatasetReader {
  /// Records what the header of an image shows.
  mutating func note(_ header: ImageHeader, of file: String, in folder: ImageFolder) {
    if ImageName.isMisleading(file, for: header.format) {
      let right = header.format.extensions[0]
      findings.misnamed.append(fix(file, in: folder, to: right, ShellCommand.move(_:to:)))
    }
    if header.frames > 1 {
      let text =
        switch header.format {
        case .tiff: "the first of \(header.frames) pages"
        case .heic, .avif: "the primary one of \(header.frames) images"
        case .png, .jpeg, .webp, .gif, .bmp: "the first of \(header.frames) frames"
        }
      findings.frames.append((folder.path(of: file), "only \(text) is read"))
    }
    if let profile = header.colorProfile, !header.convertsColors {
      let isPNG = file.pathExtension.lowercased() == "png"
      let image = fix(file, in: folder, to: isPNG ? nil : "png", ShellCommand.toSRGB(_:as:))
      findings.otherColors.append((profile, image))
    }
  }

  /// Records that a file is not used, with the command that makes it useful.
  mutating func note(_ file: String, in folder: ImageFolder, _ reason: Unused) {
    let fix: Fix =
      switch reason {
      case .imageFormat where !file.fileStem.isEmpty:
        fix(file, in: folder, to: "png", ShellCommand.convert(_:to:))
      case .metadataName where !file.contains("/") && !folder.has(file.lowercased()):
        (
          folder.path(of: file),
          ShellCommand.move(
            folder.url(of: file).relativePath, to: folder.url(of: file.lowercased()).relativePath)
        )
      case .captionTable where file == "metadata.parquet":
        fix(file, in: folder, to: "csv", ShellCommand.toCSV(_:to:))
      default: (folder.path(of: file), nil)
      }
    unused[fix.file] = (reason, fix.command)
  }

  /// A file with the command that converts it to the extension `ending` (nil: in place). There is no
  /// command if the new name is taken.
  private func fix(
    _ file: String, in folder: ImageFolder, to ending: String?,
    _ command: (String, String) -> String
  ) -> Fix {
    let result = ending.map { "\(file.fileStem).\($0)" } ?? file
    let isFree = result == file || !folder.has(result)
    let paths = (folder.url(of: file).relativePath, folder.url(of: result).relativePath)
    return (folder.path(of: file), isFree ? command(paths.0, paths.1) : nil)
  }
}
