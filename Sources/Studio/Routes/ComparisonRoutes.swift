import Foundation
import HTTPTypes
import Hummingbird
import Pages
import RunLog
import Workspace

/// The pages of comparisons and their interface.
extension Studio {
  func addComparisons(to router: Router<BasicRequestContext>) {
    router.get("/compare") { _, _ in
      try await blocking { Answer.html(try templates.html(try comparePage())) }
    }
    router.post("/api/comparisons") { request, _ in
      let order = try ComparisonOrder(try await request.fields())
      let job = try await blocking { try queue.submit(order) }
      return try Answer.json(job, status: .accepted)
    }
    router.get("/comparisons/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking {
        guard let (summary, _) = try comparison(id) else {
          throw RequestError.noPage(request.uri.path)
        }
        let page = ComparisonPage(summary) { row, column in
          "/comparisons/\(id)/\(ResidentDrawing.pictureName(row: row, column: column))"
        }
        return Answer.html(try page.served())
      }
    }
    router.get("/comparisons/:id/:file") { request, context in
      let id = try context.number("id", request)
      let name = context.parameters.get("file") ?? ""
      return try await blocking {
        // The name is one of those that the comparison has, so that it leads nowhere else.
        guard let (summary, folder) = try comparison(id), summary.files.contains(name) else {
          throw RequestError.noPage(request.uri.path)
        }
        return try Answer.png(at: folder.appending(path: name), to: request)
      }
    }
  }

  /// What the page of a comparison shows, and its folder; nil if there is none, or if its file is damaged.
  /// Throws `RunLogError`.
  private func comparison(_ id: Int64) throws -> (ComparisonSummary, URL)? {
    guard let result = try queue.gallery.reading()?.job(id)?.result else { return nil }
    let folder = project.url.appending(path: result)
    let file = folder.appending(path: ResidentDrawing.comparisonName)
    guard let data = FileManager.default.contents(atPath: file.path) else { return nil }
    do {
      return (try JSONDecoder().decode(ComparisonSummary.self, from: data), folder)
    } catch is DecodingError {
      return nil
    }
  }
}

extension ComparisonSummary {
  /// The names of its files.
  fileprivate var files: Set<String> {
    Set(
      rows.indices.flatMap { row in
        columns.indices.map { ResidentDrawing.pictureName(row: row, column: $0) }
      } + [ResidentDrawing.sheetName])
  }
}
