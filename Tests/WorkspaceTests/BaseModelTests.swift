import Foundation
import StableDiffusion
import TestSupport
import Testing
import Workspace

@Suite struct BaseModelTests {
  private let project: Project

  init() throws { project = try Project() }

  private var models: BaseModels { BaseModels(project.folder, report: project.report) }

  @Test(
    "An installed model is found by its name; a default other than the preferred one is reported")
  func installed() throws {
    let folders = FileManager.default
    try folders.createDirectory(at: project.folder.baseModels, withIntermediateDirectories: true)
    try folders.copyItem(
      at: Repository.golden.appending(path: "tiny-sdxl"),
      to: project.folder.baseModels.appending(path: "demo"))
    #expect(try models.standardName() == "demo")
    guard case .standardModel("demo", preferred: "sdxl") = project.events.last else {
      Issue.record("\(project.events)")
      return
    }
    #expect(try models.open("demo").url.lastPathComponent == "demo")
  }

  @Test("A missing model is named, and so is a file of another kind")
  func missing() throws {
    let missing = #expect(throws: BaseModelError.self) { try models.open("no-such-model") }
    #expect("\(try #require(missing))".hasPrefix("There is no base model no-such-model, neither"))
    let image = project.dataset.appending(path: "0.png").path
    #expect(throws: BaseModelError.otherKind(file: image)) { try models.open(image) }
  }
}
