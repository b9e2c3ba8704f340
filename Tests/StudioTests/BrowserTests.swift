import Browser
import Foundation
import RunLog
import Testing

enum Chromium {
  /// Prints a note if not, so that a skipped test is noticed.
  static let isInstalled: Bool = {
    if Browser.executable != nil { return true }
    print("SKIPPED: Chromium is not installed, so the tests of the studio's page are skipped.")
    return false
  }()
}

/// The page in a real browser. Without Chromium these tests are skipped.
@Suite("Studio: browser", .enabled(if: Chromium.isInstalled), .serialized)
struct BrowserTests {
  /// Opens a page of a studio. No script may fail on it.
  private func open(
    _ path: String, of studio: TestStudio, _ body: (Page) async throws -> Void
  ) async throws {
    try await withBrowser { browser in
      let page = try await browser.newPage()
      try await page.goto(studio.address + path)
      try await body(page)
      #expect(page.consoleErrors == [])
    }
  }

  @Test(
    "The same prompt and seed drawn twice with Ctrl+Enter give the same file; Reuse fills the form")
  func drawTwice() async throws {
    try await TestStudio.serve { studio in
      try await open("/draw", of: studio) { page in
        try await page.type("a photo of a red ball", into: "#prompt")
        try await page.type("11", into: "#seed")
        try await page.type("4", into: "#steps")
        for count in 1...2 {
          try await page.click("#prompt")
          try await page.press(.enter, modifiers: .control)
          try await page.wait(
            for: "document.querySelectorAll('#gallery article').length === \(count)")
        }
        let files = [
          try await studio.get("/api/pictures/1/file"),
          try await studio.get("/api/pictures/2/file"),
        ]
        #expect(files[0].data == files[1].data)
        #expect(try await page.value(of: "#seed") == "11")

        try await page.click("#clear")
        #expect(try await page.value(of: "#prompt") == "")
        try await page.click("[data-reuse='1']")
        try await page.wait(for: "document.getElementById('prompt').value !== ''")
        #expect(try await page.value(of: "#prompt") == "a photo of a red ball")
        #expect(try await page.value(of: "#seed") == "11")
        #expect(try await page.value(of: "#steps") == "4")
        #expect(
          try await page.evaluate("document.getElementById('keep-seed').checked", as: Bool.self))
        try await page.click("#next-seed")
        #expect(try await page.value(of: "#seed") == "12")
      }
    }
  }

  @Test("Without Keep, the seed of the drawing is shown, and the next one differs")
  func randomSeeds() async throws {
    try await TestStudio.serve { studio in
      try await open("/draw", of: studio) { page in
        try await page.type("a dog", into: "#prompt")
        try await page.type("2", into: "#steps")
        try await page.click("#draw button[type=submit]")
        try await page.wait(for: "document.querySelectorAll('#gallery article').length === 1")
        let first = try await page.value(of: "#seed")
        try await page.click("#draw button[type=submit]")
        try await page.wait(for: "document.querySelectorAll('#gallery article').length === 2")
        let second = try await page.value(of: "#seed")
        #expect(first != "" && second != "" && first != second)
        #expect(try await studio.get("/api/pictures/2").json()["seed"]?.text == second)
      }
    }
  }

  @Test("A wrong value is said in a sentence, and its field is marked and has the focus")
  func wrongValue() async throws {
    try await TestStudio.serve { studio in
      try await open("/draw", of: studio) { page in
        try await page.type("a dog", into: "#prompt")
        try await page.type("many", into: "#steps")
        try await page.click("#draw button[type=submit]")
        try await page.wait(for: "document.activeElement.id === 'steps'")
        #expect(try await page.text(of: "#message").contains("steps is \"many\""))
        #expect(try await page.exists("#steps[aria-invalid=true]"))
        // The browser itself reports answers with an error.
        let errors = page.consoleErrors.filter { !$0.contains("400") }
        #expect(errors == [])
        try await page.goto(studio.address + "/draw")
      }
    }
  }

  @Test("Two checkpoints are compared side by side with a slider")
  func sideBySide() async throws {
    try await TestStudio.serve { studio in
      let training = try TestTraining(
        in: studio.folder, steps: 4, ["--checkpoint-every", "2", "--sample-every", "0"])
      #expect(try await training.wait() == 0)
      try await open("/draw", of: studio) { page in
        try await page.type("a photo of cube", into: "#prompt")
        try await page.type("3", into: "#steps")
        try await page.choose("1@2", in: "#run")
        try await page.choose("1@4", in: "#against")
        try await page.click("#draw button[type=submit]")
        try await page.wait(for: "document.querySelectorAll('#gallery article').length === 2")
        let pictures = try await studio.get("/api/pictures").json().items
        #expect(pictures.compactMap { $0["details"]?.text?.prefix(6) } == ["cube@4", "cube@2"])
        #expect(Set(pictures.compactMap { $0["seed"]?.text }).count == 1)
        try await page.click("[data-picture='2'] a.button")
        try await page.wait(for: "document.getElementById('divider') !== null")
        let place =
          "getComputedStyle(document.getElementById('pair')).getPropertyValue('--divider')"
        #expect(try await page.evaluate(place, as: String.self) == "50%")
        try await page.click("#divider")
        try await page.press(.left)
        try await page.press(.left)
        try await page.wait(for: "\(place) === '48%'")
        let files = [
          try await studio.get("/api/pictures/1/file"),
          try await studio.get("/api/pictures/2/file"),
        ]
        #expect(files[0].data != files[1].data)
      }
    }
  }

  @Test("A run of another process is followed from its start to its end")
  func watching() async throws {
    try await TestStudio.serve { studio in
      let training = try TestTraining(
        in: studio.folder, steps: 300, ["--checkpoint-every", "100", "--sample-every", "150"])
      try training.pause(afterStep: 1)
      try await open("/runs/1", of: studio) { page in
        try await page.wait(for: "document.getElementById('status').textContent === 'running'")
        try await page.wait(for: "document.getElementById('bar').value > 0")
        let early = try await page.evaluate("document.getElementById('bar').value", as: Double.self)
        #expect(early < 300)
        training.goOn()
        try await page.wait(for: "document.querySelector('#loss-chart polyline') !== null")
        try await page.wait(
          for: "document.getElementById('status').textContent === 'finished'")
        #expect(try await page.text(of: "#step") == "300 of 300")
        try await page.wait(for: "document.querySelectorAll('#checkpoints tbody tr').length === 3")
        try await page.wait(for: "document.querySelectorAll('.samples img').length === 3")
        try await page.wait(for: "document.getElementById('stop').hidden")
        try await page.wait(
          for:
            "[...document.querySelectorAll('.samples img:not([hidden])')].every(i => i.naturalWidth > 0)"
        )
        let points = "document.querySelector('#loss-chart .mean').points.length"
        #expect(try await page.evaluate(points, as: Int.self) == 300)

        let chart = "document.getElementById('loss-chart')"
        try await page.evaluate("\(chart).focus()")
        for key in [Key.home, .right, .right] { try await page.press(key) }
        let step = try await page.evaluate(
          "\(chart).getAttribute('aria-valuenow')", as: String.self)
        let read = try await page.evaluate(
          "\(chart).getAttribute('aria-valuetext')", as: String.self)
        #expect(step == "3")
        #expect(read.hasPrefix("step 3: 0.") || read.hasPrefix("step 3: 1."), "\(read)")
      }
      #expect(try await training.wait() == 0)
    }
  }

  @Test("A run is stopped and resumed from its page, and then equals one that was never stopped")
  func stopAndResume() async throws {
    let options = ["--checkpoint-every", "1000", "--sample-every", "0", "--seed", "5"]
    try await TestStudio.serve { studio in
      let training = try TestTraining(in: studio.folder, steps: 400, options)
      try training.pause(afterStep: 20)
      try await open("/runs/1", of: studio) { page in
        try await page.wait(for: "document.getElementById('bar').value >= 20")
        try await page.click("#stop")
        training.goOn()
        try await page.wait(
          for: "document.getElementById('status').textContent === 'interrupted'")
        #expect(try await training.wait() == 130)
        let stopped = try await page.evaluate(
          "document.getElementById('bar').value", as: Double.self)
        #expect(stopped < 400)
        try await page.wait(for: "!document.getElementById('resume').hidden")
        try await page.click("#resume")
        try await page.wait(
          for: "document.getElementById('status').textContent === 'finished'")
        #expect(try await page.exists("#facts .facts caption"))
      }
      let whole = try TestTraining(in: studio.folder, steps: 400, options + ["--new"])
      #expect(try await whole.wait() == 0)
      let runs = try await (1...2).asyncMap { try await studio.get("/api/runs/\($0)").json() }
      let hashes = runs.map { $0["checkpoints"]?.items.last?["sha256"]?.text }
      #expect(hashes[0] != nil && hashes[0] == hashes[1])
      #expect(runs[0]["resumptions"]?.items.count == 1)
    }
  }

  @Test("Images are dropped, a caption is edited, a mask painted, and a run is started")
  func newRun() async throws {
    try await TestStudio.serve { studio in
      let folder = studio.folder.appending(path: "Pictures")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let files = try (0..<3).map { number in
        let file = folder.appending(path: "\(number).png")
        try TestStudio.image(number).write(to: file)
        return file
      }
      let text = folder.appending(path: "0.txt")
      try Data("a photo of pip on a table".utf8).write(to: text)
      try await open("/datasets", of: studio) { page in
        try await page.type("pip", into: "#subject")
        try await page.click("#create button")
        try await page.wait(
          for: "location.pathname === '/datasets/pip' && document.readyState === 'complete'")
        try await page.drop(files: files + [text], onto: "#add")
        try await page.wait(for: "document.querySelectorAll('.image').length === 3")
        #expect(
          try await page.value(of: "[data-image='0.png'] textarea") == "a photo of pip on a table")

        try await page.type("a photo of pip in a box", into: "[data-image='1.png'] textarea")
        try await page.press(.tab)
        let caption = studio.folder.appending(path: "Datasets/pip/1.txt")
        try await page.wait(
          for: "document.getElementById('message').textContent.includes('1.png is saved')")
        #expect(
          try String(contentsOf: caption, encoding: .utf8).hasPrefix("a photo of pip in a box"))

        try await page.choose("suffix", in: "#edit")
        try await page.type(", bright", into: "#text")
        try await page.click("#bulk button[type=submit]")
        try await page.wait(for: "document.querySelectorAll('#changes tbody tr').length === 3")
        try await page.click("#apply")
        try await page.wait(
          for: "document.getElementById('message').textContent.includes('3 captions')")
        #expect(
          try String(contentsOf: caption, encoding: .utf8).hasPrefix(
            "a photo of pip in a box, bright"))

        try await page.click("[data-image='2.png'] .tile")
        try await page.wait(
          for: "document.querySelector('[data-image=\"2.png\"] [data-unfocus]') !== null")
        try await page.click("[data-image='0.png'] [data-mask]")
        try await page.wait(
          for: "!document.getElementById('mask-save').disabled")
        try await page.click("#mask-canvas")
        try await page.click("#mask-save")
        try await page.wait(
          for: "document.querySelector('[data-image=\"0.png\"] [data-mask=true]') !== null")
        try await page.click("[data-image='2.png'] [data-exclude]")
        try await page.wait(
          for: "document.querySelector('[data-image=\"2.png\"].excluded') !== null")
        let report = try await studio.get("/api/datasets/pip").json()
        #expect(report["images"]?.items.count == 2)
        #expect(report["images"]?.items.first?["mask"]?.text == "0-mask.png")

        try await page.click(".heading a.primary")
        try await page.wait(for: "document.getElementById('train') !== null")
        try await page.click("[data-recipe]")
        try await page.wait(for: "document.getElementById('steps').value === '1500'")
        try await page.wait(
          for: "document.getElementById('forecast').textContent.includes('of memory')")
        try await page.type("4", into: "#steps")
        try await page.type("0", into: "#sample_every")
        try await page.click("#train button[type=submit]")
        try await page.wait(for: "location.pathname === '/runs/1'")
        try await page.wait(
          for: "document.getElementById('status')?.textContent === 'finished'")
        #expect(page.dialogs == [])
      }
      let run = try await studio.get("/api/runs/1").json()
      #expect(run["config"]?["rank"]?.number == 16)
      #expect(run["steps"]?.number == 4)
    }
  }

  @Test("What is not saved keeps a page from being left without a question: captions, a new run")
  func unsaved() async throws {
    try await TestStudio.serve { studio in
      try await open("/datasets/cube", of: studio) { page in
        let caption = "[data-image='0.png'] [data-caption]"
        try await page.type("", into: caption)
        try await page.click("h1")
        try await page.wait(
          for: "document.querySelector(\"\(caption)[aria-invalid=true]\") !== null")
        try await page.type("a cube on a table", into: caption)
        try await page.goto(studio.address + "/datasets")
        #expect(page.dialogs.count == 1)
        try await page.goto(studio.address + "/datasets/cube")
        try await page.type("a cube on a chair", into: caption)
        try await page.click("h1")
        try await page.wait(
          for: "document.getElementById('message').textContent.includes('is saved')")
        try await page.goto(studio.address + "/datasets")
        #expect(page.dialogs == [])
        try await page.goto(studio.address + "/datasets/cube/train")
        try await page.type("7", into: "#steps")
        try await page.goto(studio.address + "/datasets")
        #expect(page.dialogs.count == 1)
      }
    }
  }

  @Test("A waiting job is cancelled on the page")
  func cancelling() async throws {
    try await TestStudio.serve { studio in
      try await open("/draw", of: studio) { page in
        try await page.type("a dog", into: "#prompt")
        // Takes minutes.
        try await page.type("1000", into: "#steps")
        try await page.type("1024", into: "#width")
        try await page.click("#draw button[type=submit]")
        try await page.wait(
          for: "document.querySelector('[data-job=\"1\"][data-status=running]') !== null")
        try await page.click("#draw button[type=submit]")
        try await page.wait(
          for: "document.querySelector('[data-job=\"2\"][data-status=waiting]') !== null")
        try await page.click("[data-job='2'] button")
        try await page.wait(for: "document.querySelector('[data-job=\"2\"]') === null")
        #expect(try await studio.get("/api/jobs/2").json()["status"]?.text == "cancelled")
        // Previews are small pictures of the unfinished one.
        try await page.wait(
          for: "document.querySelector('[data-job=\"1\"] .preview').naturalWidth > 0")
        try await page.click("[data-job='1'] button")
        try await page.wait(for: "document.getElementById('jobs').children.length === 0")
        #expect(try await studio.get("/api/pictures").json().items.isEmpty)
      }
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows
    -> [Value]
  {
    var values: [Value] = []
    for element in self { values.append(try await body(element)) }
    return values
  }
}
