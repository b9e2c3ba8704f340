import DemoScores
import Foundation
import Images
import TestSupport
import Testing

@Suite("Recognising the subjects")
struct SubjectDetectorTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures")

  private func findings(
    of subject: String, in folder: URL
  ) throws -> [(file: String, finding: PictureFinding)] {
    let detector = try SubjectDetector(.named(subject))
    return try PictureFolder.pictures(in: folder).map {
      ($0.lastPathComponent, try detector.look(at: ImageDecoder.decode(contentsOf: $0)))
    }
  }

  @Test(
    "the dataset's pictures, in every pose, show their own subject and not the other",
    arguments: ["dhoni", "teapot"], ["", "held-out"])
  func datasets(subject: String, part: String) throws {
    let folder = Repository.root.appending(path: "Datasets/\(subject)/\(part)")
    let other = subject == "dhoni" ? "teapot" : "dhoni"
    for (file, finding) in try findings(of: subject, in: folder) {
      #expect(finding.isPresent, "\(file): \(finding)")
    }
    for (file, finding) in try findings(of: other, in: folder) {
      #expect(!finding.isPresent, "\(file): \(finding)")
    }
  }

  @Test("what adapters drew, blurred as it is, is recognised; the one that lacks the bat is not")
  func drawnByAdapters() throws {
    let found = try findings(
      of: "dhoni", in: Self.fixtures.appending(path: "drawn-by-adapter"))
    #expect(found.count == 4)
    for (file, finding) in found {
      #expect(finding.isPresent == (file != "no-bat.png"), "\(file): \(finding)")
    }
  }

  @Test("things and characters of the same colours are neither", arguments: ["dhoni", "teapot"])
  func sameColors(subject: String) throws {
    let found = try findings(of: subject, in: Self.fixtures.appending(path: "neither"))
    #expect(found.count == 8)
    for (file, finding) in found {
      #expect(!finding.isPresent, "\(file): \(finding)")
    }
  }

  @Test("colours in their places without the form: only the template distance tells")
  func layoutAlone() throws {
    let found = try findings(of: "dhoni", in: Self.fixtures.appending(path: "neither"))
    let character = try #require(found.first { $0.file == "blue-with-yellow-belly.png" }).finding
    #expect(character.layoutViolations.isEmpty)
    #expect(character.templateDistance > SubjectAppearance.dhoni.templateDistanceLimit)
  }

  @Test("the form in other colours: only the layout tells")
  func templateAlone() throws {
    let found = try findings(
      of: "dhoni", in: Self.fixtures.appending(path: "drawn-by-adapter"))
    let batless = try #require(found.first { $0.file == "no-bat.png" }).finding
    #expect(batless.templateDistance < SubjectAppearance.dhoni.templateDistanceLimit)
    #expect(batless.layoutViolations.count == 1)
    #expect(batless.layoutViolations.first?.contains("bat") == true)
  }

  @Test("the background is named by the border, whatever the subject's colours")
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

  @Test("a picture of one colour is nothing, and has that colour as its background")
  func plain() throws {
    let pixels: [UInt8] = (0..<64 * 64).flatMap { _ in [214, 48, 42] }
    let finding = try SubjectDetector(.dhoni).look(
      at: RGBImage(width: 64, height: 64, pixels: pixels))
    #expect(!finding.isPresent)
    #expect(finding.background == "red")
  }
}
