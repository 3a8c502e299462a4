// What OpenAI's own SDK does and shows, step by step: `node openai.mjs STEP` prints the step's findings as JSON.
import { createReadStream } from 'node:fs';
import OpenAI, { toFile } from 'openai';
import { finish, settings } from './common.mjs';

const client = new OpenAI({ baseURL: settings.base, apiKey: settings.key, maxRetries: 0 });
const file = (name) => toFile(createReadStream(settings[name]), `${name}.png`, { type: 'image/png' });
const ask = (messages) => client.chat.completions.create({ model: settings.chat, messages });

const steps = {
  async models() {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    return { names };
  },
  async generate() {
    const answer = await client.images.generate({ model: settings.image, prompt: settings.words, size: '512x512', n: 2 });
    return { pictures: answer.data.map((one) => one.b64_json) };
  },
  async address() {
    const answer = await client.images.generate({
      model: settings.image, prompt: settings.words, size: '512x512', response_format: 'url',
    });
    return { addresses: answer.data.map((one) => one.url) };
  },
  async own() {
    const draw = () => client.images.generate({ model: settings.image, prompt: settings.words, size: '512x512', seed: 7 });
    return { pictures: [await draw(), await draw()].map((answer) => answer.data[0].b64_json) };
  },
  async edit() {
    const answer = await client.images.edit({
      model: settings.edit, prompt: settings.change, image: await file('picture'), mask: await file('mask'),
    });
    return { pictures: answer.data.map((one) => one.b64_json) };
  },
  async several() {
    const images = [await file('picture'), await file('second')];
    const answer = await client.images.edit({ model: settings.several, prompt: settings.combine, image: images });
    return { pictures: answer.data.map((one) => one.b64_json) };
  },
  async frames() {
    const stream = await client.images.generate({
      model: settings.image, prompt: settings.words, size: '512x512', stream: true, partial_images: 2,
    });
    const events = [];
    for await (const event of stream) events.push({ type: event.type, picture: event.b64_json });
    return { events };
  },
  async chat() {
    const messages = [{ role: 'user', content: settings.words }];
    const first = await ask(messages);
    messages.push(first.choices[0].message, { role: 'user', content: settings.change });
    const second = await ask(messages);
    return { turns: [first, second].map((one) => one.choices[0].message.content) };
  },
  async streamed() {
    const messages = [{ role: 'user', content: settings.words }];
    const turns = [];
    for (let turn = 0; turn < 2; turn++) {
      let content = '', progress = '';
      for await (const chunk of await client.chat.completions.create({ model: settings.chat, messages, stream: true })) {
        content += chunk.choices[0]?.delta?.content ?? '';
        progress += chunk.choices[0]?.delta?.reasoning_content ?? '';
      }
      turns.push({ content, progress });
      messages.push({ role: 'assistant', content }, { role: 'user', content: settings.change });
    }
    return { turns: turns.map((one) => one.content), progress: turns.map((one) => one.progress) };
  },
  async refused() {
    const errors = [];
    const calls = [
      () => client.images.generate({ model: settings.image, prompt: settings.words, size: '7x7' }),
      () => client.images.generate({ model: 'no-such-model', prompt: settings.words }),
      () => new OpenAI({ baseURL: settings.base, apiKey: 'sk-wrong', maxRetries: 0 }).models.list(),
    ];
    for (const call of calls) {
      try { await call(); errors.push(null); } catch (error) {
        errors.push({ name: error.constructor.name, status: error.status, message: error.message });
      }
    }
    return { errors };
  },
  async busy() {
    const asked = { model: settings.image, prompt: settings.words };
    const error = await settings.crowded((signal) => client.images.generate(asked, { signal }));
    return { errors: [{ name: error.constructor.name, status: error.status, message: error.message }] };
  },
  async stop() {
    const abort = new AbortController();
    const going = client.images.generate({ model: settings.image, prompt: settings.words }, { signal: abort.signal });
    return { stopped: await settings.whenDrawing(() => abort.abort(), going) };
  },
};

await finish(steps);
