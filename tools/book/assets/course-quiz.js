// A quiz. Every option is explained: those chosen once they are checked, all of them once the
// answer is right. What was answered stays in this browser.
(() => {
  'use strict';

  const decode = (text) => {
    const bytes = Uint8Array.from(atob(text), (char) => char.codePointAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  };
  const plain = (text) => text.trim().replaceAll('`', '').replace(/\s+/g, ' ').toLowerCase();
  const same = (a, b) => a.length === b.length && a.every((value, index) => value === b[index]);

  const remember = (id, answer) => {
    try {
      if (answer === null) localStorage.removeItem(`course-quiz-${id}`);
      else localStorage.setItem(`course-quiz-${id}`, JSON.stringify(answer));
    } catch { /* it then holds until the page is left */ }
  };
  const remembered = (id) => {
    try { return JSON.parse(localStorage.getItem(`course-quiz-${id}`)); } catch { return null; }
  };

  class Question {
    constructor(form, changed) {
      this.form = form;
      this.id = form.dataset.question;
      this.key = decode(form.dataset.key);
      this.short = form.dataset.kind === 'short';
      this.inputs = [...form.querySelectorAll('input')];
      this.items = [...form.querySelectorAll('.options > li')];

      this.check = document.createElement('button');
      this.check.textContent = 'Check';
      this.verdict = document.createElement('div');
      this.verdict.className = 'question-verdict';
      this.verdict.setAttribute('role', 'status');
      form.append(this.check, this.verdict);

      form.addEventListener('submit', (event) => {
        event.preventDefault();
        if (this.judge()) changed();
      });
      form.addEventListener('input', () => this.clear());
      // mdBook takes arrows for turning the page, and letters for commands.
      form.addEventListener('keydown', (event) => {
        if (event.target.matches('input')) event.stopPropagation();
      });
      const answer = remembered(this.id);
      if (Array.isArray(answer)) {
        this.fill(answer);
        this.judge();
      }
    }

    answer() {
      if (this.short) return [this.inputs[0].value];
      return this.inputs.filter((input) => input.checked).map((input) => Number(input.value));
    }

    fill(answer) {
      if (this.short) this.inputs[0].value = String(answer[0] ?? '');
      else for (const input of this.inputs) input.checked = answer.includes(Number(input.value));
    }

    clear() {
      this.right = undefined;
      delete this.form.dataset.verdict;
      this.verdict.replaceChildren();
      for (const item of this.items) {
        delete item.dataset.right;
        item.querySelector('.because')?.remove();
      }
    }

    // False when there is no answer to judge.
    judge() {
      const answer = this.answer();
      this.clear();
      if (this.short ? plain(answer[0]) === '' : answer.length === 0 && this.form.dataset.kind === 'single') {
        this.verdict.textContent = 'Give an answer first.';
        return false;
      }
      remember(this.id, answer);
      this.right = this.short
        ? this.key.answers.some((accepted) => plain(accepted) === plain(answer[0]))
        : same(answer, this.key.right);
      this.form.dataset.verdict = this.right ? 'right' : 'wrong';
      const said = document.createElement('p');
      said.append(Object.assign(document.createElement('strong'), { textContent: this.right ? 'Right.' : 'Not yet.' }));
      this.verdict.append(said);
      if (this.short) {
        const mistake = this.key.mistakes.find(([text]) => plain(text) === plain(answer[0]));
        const because = this.right ? this.key.because[0] : mistake?.[1];
        if (because) said.insertAdjacentHTML('beforeend', ` ${because}`);
        return true;
      }
      if (!this.right && this.form.dataset.kind === 'multiple') {
        const chosenWrong = answer.filter((index) => !this.key.right.includes(index)).length;
        said.append(chosenWrong > 0 ? ' Something you chose is wrong.' : ' Something is missing.');
      }
      this.items.forEach((item, index) => {
        if (!this.right && !answer.includes(index)) return;
        const right = this.key.right.includes(index);
        item.dataset.right = String(right);
        const because = document.createElement('p');
        because.className = 'because';
        because.innerHTML = `<strong>${right ? 'Right:' : 'Wrong:'}</strong> ${this.key.because[index]}`;
        item.append(because);
        for (const code of because.querySelectorAll('code')) window.hljs?.highlightBlock(code);
      });
      return true;
    }

    forget() {
      remember(this.id, null);
      this.form.reset();
      this.clear();
    }
  }

  class CourseQuiz extends HTMLElement {
    connectedCallback() {
      if (this.questions || location.pathname.endsWith('/print.html')) return;
      this.classList.add('live');
      this.questions = [...this.querySelectorAll('form.question')].map((form) => new Question(form, () => this.count()));
      const foot = document.createElement('div');
      foot.className = 'quiz-foot';
      this.score = document.createElement('p');
      this.score.setAttribute('role', 'status');
      this.again = document.createElement('button');
      this.again.type = 'button';
      this.again.textContent = 'Start over';
      this.again.addEventListener('click', () => {
        for (const question of this.questions) question.forget();
        this.count();
        this.querySelector('input')?.focus();
      });
      foot.append(this.score, this.again);
      this.append(foot);
      this.count();
    }

    count() {
      const right = this.questions.filter((question) => question.right).length;
      const begun = this.questions.some((question) => question.right !== undefined);
      this.score.textContent = begun ? `${right} of ${this.questions.length} right.` : '';
      this.again.hidden = !begun;
    }
  }

  customElements.define('course-quiz', CourseQuiz);
})();
