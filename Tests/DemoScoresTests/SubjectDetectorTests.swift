import DemoScores
import Foundation
import Images
import TestSupport
import Testing

@Suite("Recognising the subjects")
struct SubjectDetectorTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures")
  private static let subjects = SubjectAppearance.all.map(\.name)

  private func findings(
    of subject: String, in folder: URL
  ) throws -> [(file: String, finding: PictureFinding)] {
    let detector = try SubjectDetector(.named(subject))
    return try PictureFolder.pictures(in: folder).map {
      ($0.lastPathComponent, try detector.detect(in: ImageDecoder.decode(contentsOf: $0)))
    }
  }

  @Test(
    "the dataset's images, in every pose, show their own subject and not the others",
    arguments: subjects, ["", "validation"])
  func datasets(subject: String, part: String) throws {
    let folder = Repository.root.appending(path: "Datasets/\(subject)/\(part)")
    for looked in Self.subjects {
      for (file, finding) in try findings(of: looked, in: folder) {
        #expect(finding.isPresent == (looked == subject), "\(file): \(looked) \(finding)")
      }
    }
  }

  @Test("blurred pictures by adapters are recognised; the one without a bat is not")
  func drawnByAdapters() throws {
    let found = try findings(
      of: "dhoni", in: Self.fixtures.appending(path: "drawn-by-adapter"))
    #expect(found.count == 4)
    for (file, finding) in found {
      #expect(finding.isPresent == (file != "no-bat.png"), "\(file): \(finding)")
    }
  }

  @Test(
    "objects and characters of the same colours are not recognised as any subject",
    arguments: subjects)
  func sameColors(subject: String) throws {
    let found = try findings(of: subject, in: Self.fixtures.appending(path: "neither"))
    #expect(found.count == 9)
    for (file, finding) in found {
      #expect(!finding.isPresent, "\(file): \(finding)")
    }
  }

  @Test(
    "the right colours in the wrong form: only the template distance refuses",
    arguments: [("dhoni", "blue-with-yellow-belly.png"), ("rocket", "red-with-cyan-belly.png")])
  func layoutAlone(subject: String, file: String) throws {
    let found = try findings(of: subject, in: Self.fixtures.appending(path: "neither"))
    let character = try #require(found.first { $0.file == file }).finding
    #expect(character.layoutViolations.isEmpty)
    let limit = try SubjectAppearance.named(subject).templateDistanceLimit
    #expect(character.templateDistance > limit)
  }

  @Test("the right form without the bat: only the layout refuses")
  func templateAlone() throws {
    let found = try findings(
      of: "dhoni", in: Self.fixtures.appending(path: "drawn-by-adapter"))
    let batless = try #require(found.first { $0.file == "no-bat.png" }).finding
    #expect(batless.templateDistance < SubjectAppearance.dhoni.templateDistanceLimit)
    #expect(batless.layoutViolations.count == 1)
    #expect(batless.layoutViolations.first?.contains("bat") == true)
  }

  @Test("the border gives the background's name, for all colours of the subject")
  func background() throws {
    let folder = Repository.root.appending(path: "Datasets/dhoni")
    let named = try findings(of: "dhoni", in: folder).map(\.finding.background)
    let captions = try PictureFolder.pictures(in: folder).map {
      try String(
        contentsOf: $0.deletingPathExtension().appendingPathExtension("txt"), encoding: .utf8)
    }
    for (name, caption) in zip(named, captions) {
      #expect(caption.contains(" \(name) background"))
    }
  }

  @Test("a picture of one colour shows no subject, and has that colour as its background")
  func plain() throws {
    let pixels: [UInt8] = (0..<64 * 64).flatMap { _ in [214, 48, 42] }
    let finding = try SubjectDetector(.dhoni).detect(
      in: RGBImage(width: 64, height: 64, pixels: pixels))
    #expect(!finding.isPresent)
    #expect(finding.background == "red")
  }
}
